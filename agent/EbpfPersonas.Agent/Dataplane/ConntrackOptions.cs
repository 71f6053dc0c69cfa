namespace EbpfPersonas.Agent.Dataplane;

/// <summary>How many flows are remembered, and how long when no packet comes. Times in whole seconds.</summary>
public sealed record ConntrackOptions
{
    /// <summary>Confirmed flows, 1,024 or more; beyond, new ones are refused.</summary>
    public int Flows { get; init; } = 65536;

    /// <summary>Flows that are not confirmed, 1,024 or more; beyond, the oldest is forgotten.</summary>
    public int NewFlows { get; init; } = 16384;

    /// <summary>A TCP handshake.</summary>
    public uint TcpOpening { get; init; } = 60;

    /// <summary>A TCP connection.</summary>
    public uint TcpEstablished { get; init; } = 86400;

    /// <summary>A TCP connection that one side has closed.</summary>
    public uint TcpClosing { get; init; } = 120;

    /// <summary>A TCP connection that both sides have closed, or one has reset.</summary>
    public uint TcpClosed { get; init; } = 10;

    /// <summary>What is not TCP, before the originator has gone on after an answer.</summary>
    public uint Unanswered { get; init; } = 30;

    /// <summary>UDP after that.</summary>
    public uint Udp { get; init; } = 120;

    /// <summary>ICMP echo after that.</summary>
    public uint Icmp { get; init; } = 30;

    /// <summary>Every other protocol after that.</summary>
    public uint Other { get; init; } = 600;
}
