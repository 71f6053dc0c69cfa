namespace EbpfPersonas.Personas.Compile.Layout;

/// <summary>enum lane of bpf/abi: protocols that share a space of 65,536 keys.</summary>
public enum Lane
{
    /// <summary>By port.</summary>
    Tcp = 0,

    /// <summary>By port.</summary>
    Udp = 1,

    /// <summary>By port.</summary>
    Sctp = 2,

    /// <summary>By type * 256 + code.</summary>
    Icmp = 3,

    /// <summary>By type * 256 + code.</summary>
    Icmpv6 = 4,

    /// <summary>By protocol number * 256.</summary>
    Other = 5,

    /// <summary>How many there are.</summary>
    Count = 6,
}
