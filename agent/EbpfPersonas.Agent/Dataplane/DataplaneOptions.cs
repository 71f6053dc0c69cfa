using EbpfPersonas.Personas.Compile;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>How the datapath is set up.</summary>
public sealed record DataplaneOptions
{
    /// <summary>Lines in 1 MiB.</summary>
    public const int LinesPerMib = (1 << 20) / CompiledSize.LineOctets;

    /// <summary>How the filters hang on the interfaces.</summary>
    public AttachMode Attach { get; init; } = AttachMode.Auto;

    /// <summary>Flows that conntrack remembers, 1,024 or more.</summary>
    public int FlowCapacity { get; init; } = 65536;

    /// <summary>Lines of 64 octets for all resident personas together; an even number.</summary>
    public int LineCapacity { get; init; } = PersonaCompiler.DefaultLinesMax;

    /// <summary>Rules of all resident personas together; 24 octets each for every possible CPU.</summary>
    public int RuleCapacity { get; init; } = 65536;

    /// <summary>The compiled filter; null = the one that is built in. Tests bring their own.</summary>
    public ReadOnlyMemory<byte>? FilterImage { get; init; }
}
