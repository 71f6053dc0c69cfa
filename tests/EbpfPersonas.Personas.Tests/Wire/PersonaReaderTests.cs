using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;
using EbpfPersonas.Personas.Wire;
using Google.Protobuf;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Personas.Tests.Wire;

public sealed class PersonaReaderTests
{
    public static TheoryData<string, Action<V1.Persona>> Refused => new()
    {
        { "name", persona => persona.Name = "" },
        { "default_ingress", persona => persona.DefaultIngress = V1.Action.Unspecified },
        { "default_egress", persona => persona.DefaultEgress = (V1.Action)4 },
        { "enforcement_mode", persona => persona.EnforcementMode = V1.EnforcementMode.Unspecified },
        { "enforcement_mode", persona => persona.EnforcementMode = (V1.EnforcementMode)(-1) },
        { "Two rules are called 'full'", persona => persona.Rules.Add(persona.Rules[0].Clone()) },
        { "rules[1].id", persona => persona.Rules.Add(new V1.Rule(persona.Rules[0]) { Id = "" }) },
        { "rules[0].direction", persona => persona.Rules[0].Direction = V1.Direction.Unspecified },
        { "rules[0].direction", persona => persona.Rules[0].Direction = (V1.Direction)3 },
        { "rules[0].action", persona => persona.Rules[0].Action = V1.Action.Unspecified },
        { "rules[0].list", persona => persona.Rules[0].List = V1.RuleList.Unspecified },
        { "rules[0].mode", persona => persona.Rules[0].Mode = V1.EnforcementMode.Unspecified },
        { "rules[0].priority", persona => persona.Rules[0].Priority = 1001 },
        { "rules[0].priority", persona => persona.Rules[0].Priority = uint.MaxValue },
        { "rules[0].protocol", persona => persona.Rules[0].Protocol = 256 },
        { "rules[0].ports", persona => persona.Rules[0].Ports[0].Last = 65536 },
        { "rules[0].ports", persona => persona.Rules[0].Ports[0].First = 65537 },
        { "runs backwards", persona => persona.Rules[0].Ports[0].First = 8101 },
        { "rules[0].peers", persona => persona.Rules[0].Peers[0].Length = 33 },
        { "rules[0].peers", persona => persona.Rules[0].Peers[0].Address = ByteString.CopyFrom(10, 0, 0) },
        { "rules[0].peers", persona => persona.Rules[0].Peers[0].Address = ByteString.Empty },
        {
            "rules[0].peers: 10.1.0.0/8 has host bits",
            persona => persona.Rules[0].Peers[0].Address = ByteString.CopyFrom(10, 1, 0, 0)
        },
        { "rules[0].except", persona => persona.Rules[0].Except[0].Length = 129 },
        { "rules[0].icmp.type", persona => persona.Rules[0].Icmp.Type = 256 },
        { "rules[0].icmp.code", persona => persona.Rules[0].Icmp.Code = 256 },
        { "tests[0].direction", persona => persona.Tests[0].Direction = V1.Direction.Unspecified },
        { "tests[0].protocol", persona => persona.Tests[0].Protocol = 256 },
        { "tests[0].peer", persona => persona.Tests[0].Peer = ByteString.Empty },
        { "tests[0].port does not fit protocol 6", persona => persona.Tests[0].ClearPort() },
        { "tests[0].port: 65536 is over 65535", persona => persona.Tests[0].Port = 65536 },
        { "tests[0].icmp does not fit protocol 6", persona => persona.Tests[0].Icmp = new V1.IcmpMatch() },
        { "tests[0].expect", persona => persona.Tests[0].Expect = V1.Action.Unspecified },
        { "tests[0].expect: a test expects allow or deny", persona => persona.Tests[0].Expect = V1.Action.Reject },
        { "tests[1].port does not fit protocol 58", persona => persona.Tests[1].Port = 0 },
        { "tests[1].icmp does not fit protocol 58", persona => persona.Tests[1].Icmp.ClearCode() },
        { "tests[1].icmp does not fit protocol 58", persona => persona.Tests[1].Icmp = null },
        { "tests[1].icmp.type", persona => persona.Tests[1].Icmp.Type = 256 },
        { "tests[1].icmp.code", persona => persona.Tests[1].Icmp.Code = 256 },
        {
            "tests: 1001 is over 1000",
            persona => persona.Tests.AddRange(Enumerable.Repeat(persona.Tests[0], Persona.MaxTests - 1))
        },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Refuses_what_is_out_of_range_and_names_the_field(string said, Action<V1.Persona> spoil)
    {
        var wire = Full();
        spoil(wire);
        var refusal = Assert.Throws<FormatException>(() => PersonaReader.Read(wire));
        Assert.Contains(said, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reads_every_field()
    {
        var persona = PersonaReader.Read(Full());
        Assert.Equal(("persona", 7ul), (persona.Name, persona.Revision));
        Assert.Equal((RuleAction.Deny, RuleAction.Allow), (persona.DefaultIngress, persona.DefaultEgress));
        Assert.Equal(EnforcementMode.Audit, persona.Mode);
        Assert.True(persona.KeepEstablished);
        var rule = Assert.Single(persona.Rules);
        Assert.Equal("full", rule.Id);
        Assert.Equal((Direction.Egress, RuleAction.Reject), (rule.Direction, rule.Action));
        Assert.Equal((RuleList.FirewallRules, 1000), (rule.List, rule.Priority));
        Assert.Equal((byte)255, rule.Protocol);
        Assert.Equal([new PortRange(8000, 8100)], rule.Ports.ToArray());
        Assert.Equal([new Prefix(IpAddress.Parse("10.0.0.0"), 8)], rule.Peers.ToArray());
        Assert.Equal([new Prefix(IpAddress.Parse("2001:db8::1"), 128)], rule.Except.ToArray());
        Assert.Equal(new IcmpMatch(255, 0), rule.Icmp);
        Assert.Equal(EnforcementMode.Audit, rule.Mode);
        Assert.Equal(
            [
                new VerdictTest(
                    new Packet(Direction.Egress, IpProtocol.Tcp, IpAddress.Parse("10.0.0.10"), 65535), RuleAction.Deny),
                new VerdictTest(
                    new Packet(Direction.Ingress, IpProtocol.IcmpV6, IpAddress.Parse("2001:db8::1"), 0, 128, 255),
                    RuleAction.Allow),
            ],
            persona.Tests.ToArray());
    }

    [Fact]
    public void A_persona_of_a_controller_that_knows_no_tests_has_none()
    {
        var wire = Full();
        wire.Tests.Clear();
        Assert.Empty(PersonaReader.Read(wire).Tests);
    }

    [Fact]
    public void A_persona_of_a_controller_that_does_not_know_how_to_keep_flows_keeps_none()
    {
        var wire = Full();
        wire.KeepEstablished = false;
        Assert.False(PersonaReader.Read(wire).KeepEstablished);
    }

    [Fact]
    public void Keeps_absent_apart_from_zero()
    {
        var wire = Full();
        wire.Rules[0].ClearProtocol();
        wire.Rules[0].Icmp.ClearType();
        var rule = PersonaReader.Read(wire).Rules[0];
        Assert.Null(rule.Protocol);
        Assert.Equal(new IcmpMatch(null, 0), rule.Icmp);
        wire.Rules[0].Protocol = 0;
        wire.Rules[0].Icmp = null;
        rule = PersonaReader.Read(wire).Rules[0];
        Assert.Equal((byte)0, rule.Protocol);
        Assert.Null(rule.Icmp);
    }

    [Fact]
    public void Puts_rules_in_order_of_evaluation()
    {
        var wire = Full();
        wire.Rules.Add(new V1.Rule(wire.Rules[0]) { Id = "sooner", Priority = 999 });
        wire.Rules.Insert(
            0, new V1.Rule(wire.Rules[0]) { Id = "last", List = V1.RuleList.Allowed, Action = V1.Action.Allow });
        Assert.Equal(["sooner", "full", "last"], PersonaReader.Read(wire).Rules.Select(rule => rule.Id));
    }

    private static V1.Persona Full() => new()
    {
        Name = "persona",
        Revision = 7,
        DefaultIngress = V1.Action.Deny,
        DefaultEgress = V1.Action.Allow,
        EnforcementMode = V1.EnforcementMode.Audit,
        KeepEstablished = true,
        Rules =
        {
            new V1.Rule
            {
                Id = "full",
                Direction = V1.Direction.Egress,
                Action = V1.Action.Reject,
                List = V1.RuleList.FirewallRules,
                Priority = 1000,
                Protocol = 255,
                Ports = { new V1.PortRange { First = 8000, Last = 8100 } },
                Peers = { new V1.Prefix { Address = ByteString.CopyFrom(10, 0, 0, 0), Length = 8 } },
                Except =
                {
                    new V1.Prefix
                    {
                        Address = ByteString.CopyFrom(IpAddress.Parse("2001:db8::1").ToBytes()),
                        Length = 128,
                    },
                },
                Icmp = new V1.IcmpMatch { Type = 255, Code = 0 },
                Mode = V1.EnforcementMode.Audit,
            },
        },
        Tests =
        {
            new V1.VerdictTest
            {
                Direction = V1.Direction.Egress,
                Protocol = IpProtocol.Tcp,
                Peer = ByteString.CopyFrom(10, 0, 0, 10),
                Port = 65535,
                Expect = V1.Action.Deny,
            },
            new V1.VerdictTest
            {
                Direction = V1.Direction.Ingress,
                Protocol = IpProtocol.IcmpV6,
                Peer = ByteString.CopyFrom(IpAddress.Parse("2001:db8::1").ToBytes()),
                Icmp = new V1.IcmpMatch { Type = 128, Code = 255 },
                Expect = V1.Action.Allow,
            },
        },
    };
}
