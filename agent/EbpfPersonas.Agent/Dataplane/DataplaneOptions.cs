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

    /// <summary>Lines of 64 octets for all resident personas together; an even number.</summary>
    public int LineCapacity { get; init; } = PersonaCompiler.DefaultLinesMax;

    /// <summary>Rules of all resident personas together; 32 octets each for every possible CPU.</summary>
    public int RuleCapacity { get; init; } = 65536;

    /// <summary>
    /// Answers to rejected packets, per second, over all CPUs and for each direction of its own, 0 (none) to 10^9: in
    /// any t seconds at most <see cref="RejectBurst"/> + <see cref="RejectRate"/> * t. What is beyond is dropped.
    /// </summary>
    public uint RejectRate { get; init; } = 100;

    /// <summary>Answers at once when none was given for long.</summary>
    public uint RejectBurst { get; init; } = 50;

    /// <summary>
    /// The folder on a BPF file system that is this VM's alone, in which maps and links outlive the agent; null =
    /// nothing does.
    /// </summary>
    public string? PinDirectory { get; init; }

    /// <summary>
    /// Personas that may be in force from before. One that is compiled to what lies in the maps tells the ids of rules;
    /// maps of another agent version cannot be taken over without.
    /// </summary>
    public IReadOnlyList<Persona> Known { get; init; } = [];

    /// <summary>The compiled filter; null = the one that is built in. Tests bring their own.</summary>
    public ReadOnlyMemory<byte>? FilterImage { get; init; }

    /// <summary>Called between any two writes to the kernel, where a test ends the process.</summary>
    internal Action BetweenWrites { get; init; } = () => { };

    /// <summary>What compiles a persona into so many lines at most; tests bring broken ones.</summary>
    internal Func<Persona, int, CompiledPersona> Compiler { get; init; } = CheckedCompiler.Compile;
}
