using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.Fuzzing;

/// <summary>
/// Personas that a document can express, made to be hard: prefixes of both families nested around few addresses, port
/// ranges that share their borders, every protocol and list kind.
/// </summary>
public static class RandomPersona
{
    internal static readonly ushort[] Ports =
        [0, 1, 2, 22, 53, 80, 255, 256, 443, 1023, 1024, 3306, 8000, 8080, 8100, 32767, 32768, 49151, 65534, 65535];

    internal static readonly byte[] OtherProtocols = [0, 2, 41, 47, 50, 51, 89, 103, 254, 255];
    internal static readonly byte[] IcmpNumbers = [0, 1, 2, 3, 4, 5, 8, 11, 128, 129, 134, 135, 254, 255];
    private static readonly int[] LengthsV4 = [0, 1, 4, 8, 15, 16, 17, 23, 24, 25, 30, 31, 32];
    private static readonly int[] LengthsV6 = [0, 1, 16, 31, 32, 33, 47, 48, 63, 64, 65, 95, 96, 97, 126, 127, 128];

    public static Persona Make(Prng random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var anchors = Enumerable.Range(0, random.Between(1, 6)).Select(_ => Address(random)).ToArray();
        var rules = Enumerable.Range(0, random.Between(1, 40)).Select(index => MakeRule(random, anchors, index));
        return new Persona
        {
            Name = "random",
            Revision = 1,
            DefaultIngress = random.Pick(RuleAction.Allow, RuleAction.Deny),
            DefaultEgress = random.Pick(RuleAction.Allow, RuleAction.Deny),
            Rules = RulePrecedence.Order([.. rules]),
            Mode = random.Chance(8) ? EnforcementMode.Audit : EnforcementMode.Enforce,
        };
    }

    internal static IpAddress Address(Prng random) =>
        random.Chance(50) ? new IpAddress(false, random.NextBits(32)) : new IpAddress(true, random.NextBits(128));

    private static Rule MakeRule(Prng random, IpAddress[] anchors, int index)
    {
        var list = random.Pick(
            RuleList.FirewallRules, RuleList.FirewallRules, RuleList.Denied, RuleList.Allowed, RuleList.Allowed);
        var protocol = MakeProtocol(random);
        var hasPorts = protocol is null or IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp;
        // ICMP is IPv4's, ICMPv6 is IPv6's: a rule that mixes them is refused as a document.
        anchors = protocol switch
        {
            IpProtocol.Icmp => [.. anchors.Where(anchor => !anchor.IsV6)],
            IpProtocol.IcmpV6 => [.. anchors.Where(anchor => anchor.IsV6)],
            _ => anchors,
        };
        ImmutableArray<Prefix> peers = anchors.Length == 0 || random.Chance(25)
            ? []
            : [.. Repeat(random, 1, 4, () => MakePrefix(random, anchors))];
        return new Rule
        {
            Id = $"r{index}",
            Direction = random.Pick(Direction.Ingress, Direction.Egress),
            List = list,
            Action = list switch
            {
                RuleList.Allowed => RuleAction.Allow,
                RuleList.Denied => RuleAction.Deny,
                _ => random.Pick(RuleAction.Allow, RuleAction.Deny, RuleAction.Reject),
            },
            Priority = list == RuleList.FirewallRules ? random.Pick(0, 1, 10, 100, 500, 500, 999, 1000) : 0,
            Protocol = protocol,
            Ports = hasPorts && random.Chance(65) ? [.. Repeat(random, 1, 3, () => MakePorts(random))] : [],
            Peers = peers,
            Except = anchors.Length > 0 && random.Chance(25)
                ? [.. Repeat(random, 1, 3, () => Inside(random, anchors, peers))]
                : [],
            Icmp = protocol is IpProtocol.Icmp or IpProtocol.IcmpV6 && random.Chance(70)
                ? new IcmpMatch(random.Pick(IcmpNumbers), random.Chance(50) ? random.Pick<byte>(0, 1, 3, 4, 255) : null)
                : null,
            Mode = random.Chance(12) ? EnforcementMode.Audit : EnforcementMode.Enforce,
        };
    }

    private static byte? MakeProtocol(Prng random) => random.Below(10) switch
    {
        < 2 => null,
        < 5 => IpProtocol.Tcp,
        < 7 => IpProtocol.Udp,
        7 => random.Pick(IpProtocol.Icmp, IpProtocol.IcmpV6),
        8 => IpProtocol.Sctp,
        _ => random.Pick(OtherProtocols),
    };

    private static PortRange MakePorts(Prng random)
    {
        var one = Math.Clamp(random.Pick(Ports) + random.Between(-1, 1), 0, ushort.MaxValue);
        var other = random.Chance(40)
            ? one
            : Math.Clamp(random.Pick(Ports) + random.Between(-1, 1), 0, ushort.MaxValue);
        return new PortRange((ushort)Math.Min(one, other), (ushort)Math.Max(one, other));
    }

    private static Prefix MakePrefix(Prng random, IpAddress[] anchors)
    {
        var anchor = random.Pick(anchors);
        return new Prefix(anchor, random.Pick(anchor.IsV6 ? LengthsV6 : LengthsV4));
    }

    /// <summary>A prefix inside one of the peers; where the rule has none, anywhere.</summary>
    private static Prefix Inside(Prng random, IpAddress[] anchors, ImmutableArray<Prefix> peers)
    {
        if (peers.IsEmpty)
        {
            return MakePrefix(random, anchors);
        }

        var outer = random.Pick(peers.AsSpan());
        var width = outer.Address.Width;
        var free = ~Prefix.Mask(outer.Address.IsV6, outer.Length) & Prefix.Mask(outer.Address.IsV6, width);
        // Where an anchor lies in the peer, around it, so that what is excepted is what other rules name.
        var anywhere = outer.Address with { Bits = outer.Address.Bits | (random.NextBits(width) & free) };
        return new Prefix(anchors.Where(outer.Contains).Append(anywhere).First(), random.Between(outer.Length, width));
    }

    private static IEnumerable<T> Repeat<T>(Prng random, int least, int most, Func<T> make)
    {
        var count = random.Between(least, most);
        for (var i = 0; i < count; i++)
        {
            yield return make();
        }
    }
}
