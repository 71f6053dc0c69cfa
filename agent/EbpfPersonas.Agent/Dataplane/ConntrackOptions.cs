namespace EbpfPersonas.Agent.Dataplane;

/// <summary>
/// How many flows conntrack remembers, and for how many seconds without a packet. A flow is confirmed when
/// its originator has gone on after an answer.
/// </summary>
public sealed record ConntrackOptions
{
    /// <summary>The shortest time, in seconds.</summary>
    public const uint SecondsLeast = 1;

    /// <summary>The longest time: 30 days.</summary>
    public const uint SecondsMost = 30 * 24 * 3600;

    /// <summary>The fewest flows of either kind.</summary>
    public const int FlowsLeast = 1024;

    /// <summary>The most flows of either kind.</summary>
    public const int FlowsMost = 4 * 1024 * 1024;

    /// <summary>Confirmed flows; a new one beyond is refused.</summary>
    public int Flows { get; init; } = 65536;

    /// <summary>Flows that are not confirmed; the oldest makes room.</summary>
    public int NewFlows { get; init; } = 16384;

    /// <summary>TCP that is not confirmed.</summary>
    public uint TcpOpening { get; init; } = 60;

    /// <summary>TCP that is confirmed.</summary>
    public uint TcpEstablished { get; init; } = 24 * 3600;

    /// <summary>TCP after the first FIN.</summary>
    public uint TcpClosing { get; init; } = 120;

    /// <summary>TCP after a RST, or after both FINs.</summary>
    public uint TcpClosed { get; init; } = 10;

    /// <summary>Anything but TCP that was not answered.</summary>
    public uint Unanswered { get; init; } = 30;

    /// <summary>UDP that was answered.</summary>
    public uint Udp { get; init; } = 120;

    /// <summary>ICMP echo that was answered.</summary>
    public uint Icmp { get; init; } = 30;

    /// <summary>Any other protocol that was answered.</summary>
    public uint Other { get; init; } = 600;
}
