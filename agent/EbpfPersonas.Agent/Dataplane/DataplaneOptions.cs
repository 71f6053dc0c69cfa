using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>How the datapath is set up.</summary>
public sealed record DataplaneOptions
{
    /// <summary>Lines in 1 MiB.</summary>
    public const int LinesPerMib = (1 << 20) / CompiledSize.LineOctets;

    /// <summary>How the filters hang on the interfaces.</summary>
    public AttachMode Attach { get; init; } = AttachMode.Auto;

    /// <summary>Conntrack's sizes and times.</summary>
    public ConntrackOptions Conntrack { get; init; } = new();

    /// <summary>
    /// Where filters are kept beyond this process: a directory of one agent alone, in a bpffs. Null = they end with it.
    /// </summary>
    public string? LinkDirectory { get; init; }

    /// <summary>Lines of 64 octets for all resident personas together; an even number.</summary>
    public int LineCapacity { get; init; } = PersonaCompiler.DefaultLinesMax;

    /// <summary>Rules of all resident personas together; 24 octets each for every possible CPU.</summary>
    public int RuleCapacity { get; init; } = 65536;

    /// <summary>
    /// Answers to rejected packets, per second, over all CPUs and for each direction of its own, 0 (none) to 10^9: in
    /// any t seconds at most <see cref="RejectBurst"/> + <see cref="RejectRate"/> * t. What is beyond is dropped.
    /// </summary>
    public uint RejectRate { get; init; } = 100;

    /// <summary>Answers at once when none was given for long.</summary>
    public uint RejectBurst { get; init; } = 50;

    /// <summary>
    /// The folder on a bpffs in which what is in force outlives this process; null = it ends with the process.
    /// </summary>
    public string? PinDirectory { get; init; }

    /// <summary>Personas that a datapath which is pinned already may be running.</summary>
    public IReadOnlyList<Persona> Known { get; init; } = [];

    /// <summary>The compiled filter; null = the one that is built in. Tests bring their own.</summary>
    public ReadOnlyMemory<byte>? FilterImage { get; init; }

    /// <summary>What compiles a persona into so many lines at most; tests bring broken ones.</summary>
    internal Func<Persona, int, CompiledPersona> Compiler { get; init; } = CheckedCompiler.Compile;
}
