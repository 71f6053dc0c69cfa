using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Fuzzing;

namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>
/// Flows for a rule set, drawn into large arrays: whoever plays them through a filter meets the caches as traffic does.
/// </summary>
public static class Traffic
{
    /// <summary>Originators speak from here on, so that no packet is the failsafe's by chance.</summary>
    private const int FirstEphemeralPort = 20000;

    private const byte EchoRequestV4 = 8;
    private const byte EchoRequestV6 = 128;

    /// <summary>
    /// Each tuple is in a random rule of this family and direction, at a random address and port of it; rules that come
    /// earlier may take it. The worst case for caches: all rules are used alike.
    /// </summary>
    public static TrafficTuple[] Uniform(Persona persona, bool isV6, Direction direction, int count, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(persona);
        var random = new Prng(seed);
        var rules = persona.Rules
            .Where(rule => rule.Direction == direction
                && (rule.Peers.IsEmpty || rule.Peers.Any(peer => peer.Address.IsV6 == isV6)))
            .ToArray();
        if (rules.Length == 0)
        {
            throw new ArgumentException("No rule has this family and direction.", nameof(persona));
        }

        var tuples = new TrafficTuple[count];
        for (var i = 0; i < count; i++)
        {
            tuples[i] = Inside(random, random.Pick(rules), isV6);
        }

        return tuples;
    }

    /// <summary>
    /// Draws packets from <paramref name="flows"/> so that the k-th has a share of 1/k^<paramref name="exponent"/>
    /// (Zipf's law).
    /// </summary>
    public static TrafficTuple[] Zipf(TrafficTuple[] flows, double exponent, int count, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(flows);
        var cumulated = new double[flows.Length];
        var sum = 0.0;
        for (var i = 0; i < flows.Length; i++)
        {
            cumulated[i] = sum += Math.Pow(i + 1, -exponent);
        }

        var random = new Prng(seed);
        return Repeat(count, () =>
        {
            var at = Array.BinarySearch(cumulated, (random.Next() >> 11) * (1.0 / (1ul << 53)) * sum);
            return flows[Math.Min(at < 0 ? ~at : at + 1, flows.Length - 1)];
        });
    }

    /// <summary>Draws packets from <paramref name="flows"/>, each as often as another.</summary>
    public static TrafficTuple[] Evenly(TrafficTuple[] flows, int count, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(flows);
        var random = new Prng(seed);
        return Repeat(count, () => flows[random.Below(flows.Length)]);
    }

    private static TrafficTuple[] Repeat(int count, Func<TrafficTuple> draw)
    {
        var tuples = new TrafficTuple[count];
        for (var i = 0; i < count; i++)
        {
            tuples[i] = draw();
        }

        return tuples;
    }

    private static TrafficTuple Inside(Prng random, Rule rule, bool isV6)
    {
        Prefix[] peers = [.. rule.Peers.Where(peer => peer.Address.IsV6 == isV6)];
        var peer = peers.Length == 0 ? new Prefix(new IpAddress(isV6, 0), 0) : random.Pick(peers);
        var protocol = rule.Protocol ?? random.Pick<byte>(IpProtocol.Tcp, IpProtocol.Udp);
        var hasPorts = protocol is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp;
        var isIcmp = protocol is IpProtocol.Icmp or IpProtocol.IcmpV6;
        var range = rule.Ports.IsEmpty ? PortRange.All : random.Pick(rule.Ports.AsSpan());
        return new TrafficTuple(
            rule.Direction,
            protocol,
            AddressSpace.Inside(random, peer),
            hasPorts ? (ushort)random.Between(range.First, range.Last) : (ushort)0,
            hasPorts ? (ushort)random.Between(FirstEphemeralPort, ushort.MaxValue) : (ushort)0,
            isIcmp ? rule.Icmp?.Type ?? (isV6 ? EchoRequestV6 : EchoRequestV4) : (byte)0,
            isIcmp ? rule.Icmp?.Code ?? 0 : (byte)0);
    }
}
