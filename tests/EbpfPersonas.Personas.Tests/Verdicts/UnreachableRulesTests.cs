using System.Collections.Immutable;
using System.Diagnostics;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;
using EbpfPersonas.TestKit.Fuzzing;

namespace EbpfPersonas.Personas.Tests.Verdicts;

public sealed class UnreachableRulesTests
{
    private const string Duplicate = "duplicate";
    private const string Shadowed = "shadowed";

    private static readonly Rule Web = new()
    {
        Id = "web",
        Direction = Direction.Egress,
        Action = RuleAction.Allow,
        List = RuleList.FirewallRules,
        Priority = 500,
        Protocol = IpProtocol.Tcp,
        Ports = [new PortRange(80, 90)],
        Peers = [Cidr("10.0.0.0", 24)],
    };

    public static TheoryData<string, Func<Rule, Rule>, string?> Others => new()
    {
        { "the same", rule => rule, Duplicate },
        { "the other action", rule => rule with { Action = RuleAction.Deny, Priority = 501 }, Shadowed },
        { "in audit mode", rule => rule with { Mode = EnforcementMode.Audit }, Shadowed },
        { "fewer ports", rule => rule with { Ports = [Only(81), Only(90)] }, Shadowed },
        { "one port more", rule => rule with { Ports = [new PortRange(80, 91)] }, null },
        { "all ports", rule => rule with { Ports = [] }, null },
        { "another protocol", rule => rule with { Protocol = IpProtocol.Udp }, null },
        { "any protocol", rule => rule with { Protocol = null }, null },
        { "parts of the peer", rule => rule with { Peers = [Cidr("10.0.0.0", 25), Cidr("10.0.0.255", 32)] }, Shadowed },
        { "its two halves", rule => rule with { Peers = [Cidr("10.0.0.128", 25), Cidr("10.0.0.0", 25)] }, Duplicate },
        { "more than the peer", rule => rule with { Peers = [Cidr("10.0.0.0", 23)] }, null },
        {
            "more than the peer, but for an except",
            rule => rule with { Peers = [Cidr("10.0.0.0", 23)], Except = [Cidr("10.0.1.0", 24)] }, Duplicate
        },
        { "also the other family", rule => rule with { Peers = [Cidr("10.0.0.1", 32), Cidr("::1", 128)] }, null },
        { "everywhere", rule => rule with { Peers = [] }, null },
        { "the other direction", rule => rule with { Direction = Direction.Ingress }, null },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void A_rule_behind_another_is_unreachable_where_it_matches_nothing_more(
        string difference, Func<Rule, Rule> change, string? expected)
    {
        var found = UnreachableRules.Find(PersonaWith(Web, change(Web) with { Id = "other" })).ToArray();
        Assert.True(found.Length == (expected is null ? 0 : 1), difference);
        Assert.Equal(expected is null ? [] : [("other", "web")], Names(found));
        Assert.All(found, rule => Assert.Equal(expected == Duplicate, rule.IsDuplicate));
    }

    [Fact]
    public void A_rule_on_trial_takes_the_place_only_of_another_one_on_trial()
    {
        var trial = Web with { Id = "trial", Mode = EnforcementMode.Audit };
        Assert.Empty(UnreachableRules.Find(PersonaWith(trial, Web)));
        Assert.Equal(
            [("again", "trial")],
            Names(UnreachableRules.Find(PersonaWith(trial, trial with { Id = "again" }, Web))));
    }

    [Fact]
    public void A_rule_whose_except_takes_all_of_its_peer_matches_nothing()
    {
        var nothing = Web with { Except = [Cidr("10.0.0.0", 25), Cidr("10.0.0.128", 25)] };
        Assert.Equal(
            [new UnreachableRule(nothing, null, IsDuplicate: false)],
            UnreachableRules.Find(PersonaWith(nothing)));
        Assert.Empty(UnreachableRules.Find(PersonaWith(nothing with { Peers = [] })));
    }

    [Fact]
    public void All_ports_of_a_protocol_are_all_of_the_protocol()
    {
        var all = Web with { Ports = [new PortRange(0, 999), new PortRange(1000, 65535)] };
        Assert.Equal(
            [("none named", "web")],
            Names(UnreachableRules.Find(PersonaWith(all, Web with { Id = "none named", Ports = [] }))));
        // Without a protocol there are packets that have no ports.
        Assert.Empty(UnreachableRules.Find(PersonaWith(
            all with { Protocol = null }, Web with { Id = "none named", Protocol = null, Ports = [] })));
    }

    [Fact]
    public void Covering_is_exact_for_any_two_rules()
    {
        var random = new Prng(20);
        var seen = new bool[2];
        for (var i = 0; i < 20_000; i++)
        {
            var (first, second) = (Small(random, "first"), Small(random, "second"));
            var matched = Grid.Where(packet => ReferenceVerdict.Matches(second, packet)).ToArray();
            var covered = matched.All(packet => ReferenceVerdict.Matches(first, packet));
            var found = UnreachableRules.Find(PersonaWith(first, second)).Where(rule => rule.Rule.Id == "second");
            Assert.True(covered == found.Any(), $"{i}: {first} {second}");
            seen[covered && matched.Length > 0 ? 1 : 0] = true;
        }

        Assert.DoesNotContain(false, seen);
    }

    [Fact]
    public void Without_its_unreachable_rules_a_persona_says_the_same_of_every_packet()
    {
        var random = new Prng(21);
        var removed = 0;
        for (var i = 0; i < 300; i++)
        {
            var persona = PersonaWith([.. Enumerable.Range(0, 12).Select(number => Small(random, $"{number}") with
            {
                Action = random.Pick(RuleAction.Allow, RuleAction.Deny),
                Mode = random.Chance(30) ? EnforcementMode.Audit : EnforcementMode.Enforce,
            })]);
            var unreachable = UnreachableRules.Find(persona).Select(rule => rule.Rule).ToHashSet();
            var rest = persona with { Rules = persona.Rules.RemoveAll(unreachable.Contains) };
            Assert.All(Grid, packet => Assert.Equal(
                ReferenceVerdict.Judge(persona, packet), ReferenceVerdict.Judge(rest, packet)));
            removed += unreachable.Count;
        }

        Assert.True(removed > 300, $"{removed}");
    }

    [Theory]
    [InlineData("different ports")]
    [InlineData("different addresses")]
    [InlineData("duplicates")]
    [InlineData("many ports each")]
    public void Many_rules_take_a_bounded_time(string kind)
    {
        var rules = Enumerable.Range(0, kind == "many ports each" ? 256 : 12_500).Select(i => kind switch
        {
            "different ports" => Web with { Peers = [], Ports = [Only(i)] },
            "different addresses" => Web with { Peers = [new Prefix(new IpAddress(false, (uint)i), 32)] },
            "duplicates" => Web with { Priority = i / 100 },
            _ => Web with
            {
                Ports = [.. Enumerable.Range(0, 1000).Append(1000 + i).Select(port => Only(2 * port))],
            },
        }).Select((rule, i) => rule with { Id = $"{i}" });
        var start = Stopwatch.GetTimestamp();
        var found = UnreachableRules.Find(PersonaWith([.. rules])).ToArray();
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(10), $"{Stopwatch.GetElapsedTime(start)}");
        Assert.Equal(kind == "duplicates" ? 12_499 : 0, found.Length);
    }

    /// <summary>Every kind of packet that a small rule can tell from the others.</summary>
    private static ImmutableArray<Packet> Grid { get; } =
    [
        .. from address in Enumerable.Range(0, 9).Select(i => new IpAddress(false, (uint)(0x0a000000 + i)))
               .Append(IpAddress.Parse("2001:db8::1"))
           from packet in
               from protocol in new byte[] { IpProtocol.Tcp, IpProtocol.Udp, IpProtocol.Icmp, 47 }
               from port in protocol is IpProtocol.Tcp or IpProtocol.Udp ? [0, 1, 2, 3, 4, 65535] : new[] { 0 }
               from type in protocol == IpProtocol.Icmp ? [0, 1, 2] : new[] { 0 }
               from code in protocol == IpProtocol.Icmp ? [0, 1, 2] : new[] { 0 }
               select new Packet(Direction.Egress, protocol, address, (ushort)port, (byte)type, (byte)code)
           select packet,
    ];

    private static Rule Small(Prng random, string id)
    {
        var protocol = random.Pick<byte?>(IpProtocol.Tcp, IpProtocol.Udp, IpProtocol.Icmp, null);
        return new Rule
        {
            Id = id,
            Direction = Direction.Egress,
            Action = RuleAction.Allow,
            List = RuleList.Allowed,
            Protocol = protocol,
            Ports = protocol != IpProtocol.Icmp && random.Below(2) == 0 ? Several(random, SmallRange) : [],
            Icmp = protocol == IpProtocol.Icmp && random.Below(2) == 0
                ? new IcmpMatch((byte)random.Below(2), random.Below(2) == 0 ? (byte)random.Below(2) : null)
                : null,
            Peers = random.Below(3) == 0 ? [] : Several(random, SmallPrefix),
            Except = random.Below(3) == 0 ? Several(random, SmallPrefix) : [],
        };
    }

    private static ImmutableArray<T> Several<T>(Prng random, Func<Prng, T> one) =>
        [.. Enumerable.Range(0, 1 + random.Below(3)).Select(_ => one(random))];

    private static PortRange SmallRange(Prng random) => random.Below(6) == 0
        ? PortRange.All
        : random.Below(4) is var first && random.Below(4) is var last && first <= last
            ? new PortRange((ushort)first, (ushort)last)
            : new PortRange((ushort)first, ushort.MaxValue);

    private static Prefix SmallPrefix(Prng random) =>
        new(new IpAddress(false, (uint)(0x0a000000 + random.Below(8))), 29 + random.Below(4));

    private static Persona PersonaWith(params ImmutableArray<Rule> rules) => new()
    {
        Name = "p",
        Revision = 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules = rules,
    };

    private static PortRange Only(int port) => new((ushort)port, (ushort)port);

    private static Prefix Cidr(string address, int length) => new(IpAddress.Parse(address), length);

    private static IEnumerable<(string, string?)> Names(IEnumerable<UnreachableRule> found) =>
        found.Select(rule => (rule.Rule.Id, rule.CoveredBy?.Id));
}
