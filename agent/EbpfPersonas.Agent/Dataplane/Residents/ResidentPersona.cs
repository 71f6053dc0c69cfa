using EbpfPersonas.Personas.Compile;

namespace EbpfPersonas.Agent.Dataplane.Residents;

/// <summary>A persona that lies in the maps, active or not: where, and which.</summary>
public sealed record ResidentPersona
{
    /// <summary>The slot number, from 1.</summary>
    public required uint Slot { get; init; }

    /// <summary>The revision of the persona.</summary>
    public required ulong Revision { get; init; }

    /// <summary>What was written.</summary>
    public required CompiledPersona Compiled { get; init; }

    /// <summary>First line in the arena.</summary>
    public required uint LineStart { get; init; }

    /// <summary>First rule counter.</summary>
    public required uint CounterStart { get; init; }

    /// <summary>The persona's name.</summary>
    public string Name => Compiled.Name;

    /// <summary>Lines in the arena: always pairs.</summary>
    public uint LineCount => LinesOf(Compiled);

    /// <summary>The lines that a persona takes: nodes of two lines begin at even ones.</summary>
    public static uint LinesOf(CompiledPersona compiled)
    {
        ArgumentNullException.ThrowIfNull(compiled);
        return ((uint)compiled.Lines.Length + 1) & ~1u;
    }
}
