using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Verdicts;

/// <summary>
/// The packets that a rule matches, in a normal form: equal extents match the same packets. <paramref name="Ports"/> is
/// null where a packet needs no ports to match, <paramref name="Icmp"/> where it need not be ICMP.
/// </summary>
internal sealed record RuleExtent(
    Direction Direction, byte? Protocol, IntervalSet? Ports, IcmpMatch? Icmp, IntervalSet V4, IntervalSet V6)
{
    /// <summary>Whether no packet at all matches.</summary>
    public bool IsEmpty =>
        (V4.IsEmpty && V6.IsEmpty)
        || (Ports is not null && Protocol is { } protocol && !HasPorts(protocol))
        || (Icmp is not null && (Ports is not null || (Protocol is { } other && !IsIcmp(other))));

    /// <summary>Number of intervals, which is what comparing it costs.</summary>
    public int Size => (Ports?.Count ?? 0) + V4.Count + V6.Count;

    public static RuleExtent Of(Rule rule) => new(
        rule.Direction,
        rule.Protocol,
        rule.Ports.IsEmpty && (rule.Protocol is not { } protocol || !HasPorts(protocol))
            ? null
            : IntervalSet.Union(
                (rule.Ports.IsEmpty ? [PortRange.All] : rule.Ports)
                .Select(range => ((UInt128)range.First, (UInt128)range.Last))),
        rule.Icmp ?? (rule.Protocol is { } number && IsIcmp(number) ? new IcmpMatch(null, null) : null),
        Addresses(rule, isV6: false),
        Addresses(rule, isV6: true));

    /// <summary>Every packet of a direction.</summary>
    public static RuleExtent OfEverybody(Direction direction) => new(
        direction, null, null, null,
        Union([new Prefix(new IpAddress(false, 0), 0)], isV6: false),
        Union([new Prefix(new IpAddress(true, 0), 0)], isV6: true));

    /// <summary>Whether every packet that matches <paramref name="inner"/> matches this.</summary>
    public bool Covers(RuleExtent inner) =>
        Direction == inner.Direction
        && (Protocol is null || Protocol == inner.Protocol)
        && (Icmp is not { } icmp || (inner.Icmp is { } message
            && (icmp.Type ?? message.Type) == message.Type && (icmp.Code ?? message.Code) == message.Code))
        && (Ports is null || (inner.Ports is not null && Ports.Contains(inner.Ports)))
        && V4.Contains(inner.V4)
        && V6.Contains(inner.V6);

    private static IntervalSet Addresses(Rule rule, bool isV6) =>
        Union(rule.Peers.IsEmpty ? [new Prefix(new IpAddress(isV6, 0), 0)] : rule.Peers, isV6)
            .Except(Union(rule.Except, isV6));

    private static IntervalSet Union(IEnumerable<Prefix> prefixes, bool isV6) => IntervalSet.Union(
        prefixes.Where(prefix => prefix.Address.IsV6 == isV6)
            .Select(prefix => (prefix.Address.Bits, prefix.Last.Bits)));

    private static bool HasPorts(byte protocol) => protocol is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp;

    private static bool IsIcmp(byte protocol) => protocol is IpProtocol.Icmp or IpProtocol.IcmpV6;
}
