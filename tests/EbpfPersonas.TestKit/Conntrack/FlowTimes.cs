using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.Conntrack;

/// <summary>How long a flow lives after the last packet that belonged to it.</summary>
public sealed record FlowTimes
{
    /// <summary>TCP, not confirmed.</summary>
    public TimeSpan TcpOpening { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>TCP, confirmed.</summary>
    public TimeSpan TcpEstablished { get; init; } = TimeSpan.FromDays(1);

    /// <summary>TCP, confirmed, after a FIN.</summary>
    public TimeSpan TcpClosing { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>TCP after a reset, or after the FIN of both sides.</summary>
    public TimeSpan TcpClosed { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What is not TCP, without answer.</summary>
    public TimeSpan Unanswered { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>UDP, answered.</summary>
    public TimeSpan Udp { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>ICMP echo, answered.</summary>
    public TimeSpan Icmp { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Any other protocol, answered.</summary>
    public TimeSpan Other { get; init; } = TimeSpan.FromSeconds(600);

    /// <summary>What holds for <paramref name="flow"/> as it is now.</summary>
    public TimeSpan Of(TrackedFlow flow)
    {
        ArgumentNullException.ThrowIfNull(flow);
        if (flow.Tuple.Protocol != IpProtocol.Tcp)
        {
            return !flow.Has(FlowMarks.Answered) ? Unanswered
                : flow.Tuple.Protocol switch
                {
                    IpProtocol.Udp => Udp,
                    IpProtocol.Icmp or IpProtocol.IcmpV6 => Icmp,
                    _ => Other,
                };
        }

        return flow.IsClosed ? TcpClosed
            : !flow.Has(FlowMarks.Confirmed) ? TcpOpening
            : flow.Has(FlowMarks.FinIngress) || flow.Has(FlowMarks.FinEgress) ? TcpClosing
            : TcpEstablished;
    }
}
