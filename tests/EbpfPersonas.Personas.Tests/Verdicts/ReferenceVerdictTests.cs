using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;

namespace EbpfPersonas.Personas.Tests.Verdicts;

public sealed class ReferenceVerdictTests
{
    private static readonly IpAddress Peer = IpAddress.Parse("10.1.2.3");
    private static readonly Packet Web = new(Direction.Egress, IpProtocol.Tcp, Peer, 443);

    [Fact]
    public void A_rule_without_conditions_matches_every_packet_of_its_direction()
    {
        Assert.True(ReferenceVerdict.Matches(Any, Web));
        Assert.True(ReferenceVerdict.Matches(
            Any, Web with { Peer = IpAddress.Parse("2001:db8::1"), Protocol = 47, Port = 0 }));
        Assert.False(ReferenceVerdict.Matches(Any, Web with { Direction = Direction.Ingress }));
    }

    [Fact]
    public void Every_condition_has_to_hold()
    {
        var rule = Any with
        {
            Protocol = IpProtocol.Tcp,
            Ports = [new PortRange(443, 443)],
            Peers = [new Prefix(Peer, 24)],
        };
        Assert.True(ReferenceVerdict.Matches(rule, Web));
        Assert.False(ReferenceVerdict.Matches(rule, Web with { Protocol = IpProtocol.Udp }));
        Assert.False(ReferenceVerdict.Matches(rule, Web with { Port = 444 }));
        Assert.False(ReferenceVerdict.Matches(rule, Web with { Peer = IpAddress.Parse("10.1.3.3") }));
    }

    [Fact]
    public void One_of_several_peers_and_ports_is_enough()
    {
        var rule = Any with
        {
            Ports = [new PortRange(80, 80), new PortRange(443, 443)],
            Peers = [new Prefix(IpAddress.Parse("192.0.2.0"), 24), new Prefix(Peer, 32)],
        };
        Assert.True(ReferenceVerdict.Matches(rule, Web));
        Assert.True(ReferenceVerdict.Matches(rule, Web with { Peer = IpAddress.Parse("192.0.2.9"), Port = 80 }));
        Assert.False(ReferenceVerdict.Matches(rule, Web with { Port = 81 }));
    }

    [Theory]
    [InlineData(IpProtocol.Tcp, true)]
    [InlineData(IpProtocol.Udp, true)]
    [InlineData(IpProtocol.Sctp, true)]
    [InlineData(IpProtocol.Icmp, false)]
    [InlineData(IpProtocol.IcmpV6, false)]
    [InlineData(47, false)]
    [InlineData(136, false)] // UDP-Lite has ports, but rules know nothing of it
    public void Ports_without_a_protocol_match_tcp_udp_and_sctp_alone(byte protocol, bool matches)
    {
        var rule = Any with { Ports = [PortRange.All] };
        Assert.Equal(matches, ReferenceVerdict.Matches(rule, Web with { Protocol = protocol }));
    }

    [Fact]
    public void What_a_rule_excepts_goes_on_to_the_next_rule()
    {
        var excepting = Any with { Id = "excepting", Except = [new Prefix(Peer, 32)] };
        var behind = Any with { Id = "behind", Action = RuleAction.Deny };
        Assert.Equal("behind", Judge(Web, excepting, behind).Rule?.Id);
        Assert.Equal("excepting", Judge(Web with { Peer = IpAddress.Parse("10.1.2.4") }, excepting, behind).Rule?.Id);
    }

    [Fact]
    public void Type_and_code_belong_to_icmp_alone()
    {
        var rule = Any with { Icmp = new IcmpMatch(0, null) };
        Assert.True(ReferenceVerdict.Matches(rule, new Packet(Direction.Egress, IpProtocol.Icmp, Peer, 0, 0, 9)));
        Assert.False(ReferenceVerdict.Matches(rule, new Packet(Direction.Egress, IpProtocol.Icmp, Peer, 0, 1)));
        // A TCP packet has the numbers 0 there because it has none.
        Assert.False(ReferenceVerdict.Matches(rule, Web));
    }

    [Fact]
    public void The_first_rule_that_matches_decides_and_is_named()
    {
        var verdict = Judge(Web, Any with { Id = "first" }, Any with { Id = "second", Action = RuleAction.Deny });
        Assert.Equal((RuleAction.Allow, "first"), (verdict.Action, verdict.Rule?.Id));
    }

    [Theory]
    [InlineData(Direction.Ingress, RuleAction.Allow)]
    [InlineData(Direction.Egress, RuleAction.Deny)]
    public void The_default_of_the_direction_decides_where_no_rule_does(Direction direction, RuleAction action)
    {
        var verdict = Judge(Web with { Direction = direction });
        Assert.Equal(action, verdict.Action);
        Assert.Null(verdict.Rule);
    }

    [Fact]
    public void A_rule_in_audit_mode_is_told_and_passed_over()
    {
        var watched = Any with { Id = "watched", Action = RuleAction.Deny, Mode = EnforcementMode.Audit };
        var later = watched with { Id = "later" };
        var verdict = Judge(Web, watched, later, Any with { Id = "allows" });
        Assert.Equal(("watched", "allows"), (verdict.Audited?.Id, verdict.Rule?.Id));
        Assert.Equal(RuleAction.Deny, Judge(Web, watched with { Action = RuleAction.Allow }).Action);
    }

    [Fact]
    public void A_rule_in_audit_mode_behind_the_one_that_decides_is_not_told()
    {
        var verdict = Judge(
            Web, Any, Any with { Id = "behind", Action = RuleAction.Deny, Mode = EnforcementMode.Audit });
        Assert.Null(verdict.Audited);
    }

    private static Rule Any { get; } = new()
    {
        Id = "any",
        Direction = Direction.Egress,
        Action = RuleAction.Allow,
        List = RuleList.FirewallRules,
    };

    private static Verdict Judge(Packet packet, params Rule[] rules) => ReferenceVerdict.Judge(
        new Persona
        {
            Name = "test",
            Revision = 1,
            DefaultIngress = RuleAction.Allow,
            DefaultEgress = RuleAction.Deny,
            Rules = [.. rules],
        },
        packet);
}
