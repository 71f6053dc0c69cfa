namespace EbpfPersonas.Personas.Compile.Layout;

/// <summary>Sets of <see cref="Lane"/>, a bit each.</summary>
public static class LaneSet
{
    /// <summary>Every lane.</summary>
    public const uint Every = (1u << (int)Lane.Count) - 1;

    /// <summary>Those whose keys are ports.</summary>
    public const uint WithPorts = (1u << (int)Lane.Tcp) | (1u << (int)Lane.Udp) | (1u << (int)Lane.Sctp);

    /// <summary>Those whose keys are ICMP types and codes.</summary>
    public const uint Icmp = (1u << (int)Lane.Icmp) | (1u << (int)Lane.Icmpv6);

    /// <summary>In trees the lanes of audited rules begin here.</summary>
    public const int Audit = 8;

    /// <summary>The number in an interval tree of a class is {lane:16 | key:16}.</summary>
    public const int Shift = 16;
}
