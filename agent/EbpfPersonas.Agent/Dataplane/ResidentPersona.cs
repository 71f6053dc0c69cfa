using EbpfPersonas.Agent.Compile;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>A persona that lies in the maps, active or not: where, and which.</summary>
public sealed record ResidentPersona
{
    /// <summary>The slot number, from 1.</summary>
    public required uint Slot { get; init; }

    /// <summary>The revision of the persona.</summary>
    public required ulong Revision { get; init; }

    /// <summary>What was written.</summary>
    public required CompiledPersona Compiled { get; init; }

    /// <summary>First entry in the arena.</summary>
    public required uint EntryStart { get; init; }

    /// <summary>First rule counter.</summary>
    public required uint CounterStart { get; init; }

    /// <summary>The persona's name.</summary>
    public string Name => Compiled.Name;
}
