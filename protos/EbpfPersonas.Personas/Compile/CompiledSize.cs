namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// What a compiled persona costs: rules; address intervals of both directions and families; classes of addresses that
/// are treated alike; and cache lines of the kernel's memory: for addresses, for ports that do not fit into a class's
/// own line, and in all.
/// </summary>
public sealed record CompiledSize(int Rules, int Intervals, int Classes, int AddressLines, int PortLines, int Lines)
{
    /// <summary>Octets of one line.</summary>
    public const int LineOctets = 64;

    /// <summary>Octets of kernel memory, counters apart.</summary>
    public long Octets => (long)Lines * LineOctets;
}
