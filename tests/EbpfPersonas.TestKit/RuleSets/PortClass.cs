namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>The port classes of Taylor and Turner, "ClassBench: A Packet Classification Benchmark", 2005.</summary>
public enum PortClass
{
    /// <summary>WC: any port.</summary>
    Wildcard,

    /// <summary>HI: the ports of clients, 1024-65535.</summary>
    High,

    /// <summary>LO: the well-known ports, 0-1023.</summary>
    Low,

    /// <summary>AR: some other range.</summary>
    ArbitraryRange,

    /// <summary>EM: one port.</summary>
    ExactMatch,
}
