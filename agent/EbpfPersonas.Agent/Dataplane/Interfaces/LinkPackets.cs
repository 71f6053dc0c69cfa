namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>Packets that an interface received and sent (struct rtnl_link_stats64).</summary>
public readonly record struct LinkPackets(ulong Received, ulong Sent)
{
    /// <summary>What came after <paramref name="earlier"/>.</summary>
    public LinkPackets Since(LinkPackets earlier) =>
        new(Received - Math.Min(Received, earlier.Received), Sent - Math.Min(Sent, earlier.Sent));

    /// <summary>Both together.</summary>
    public LinkPackets And(LinkPackets other) => new(Received + other.Received, Sent + other.Sent);
}
