using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;

namespace EbpfPersonas.Personas.Tests.Verdicts;

public sealed class DocumentTestsTests
{
    private static readonly Packet ToDatabase =
        new(Direction.Egress, IpProtocol.Tcp, IpAddress.Parse("10.0.0.11"), 3306);

    [Fact]
    public void A_test_that_holds_is_no_failure()
    {
        Assert.Empty(DocumentTests.Run(PersonaWith(new VerdictTest(ToDatabase, RuleAction.Deny))));
        Assert.Empty(DocumentTests.Run(PersonaWith(
            new VerdictTest(ToDatabase with { Direction = Direction.Ingress }, RuleAction.Allow))));
    }

    [Fact]
    public void A_failure_names_the_test_what_it_expected_the_verdict_and_the_rule()
    {
        var persona = PersonaWith(
            new VerdictTest(ToDatabase, RuleAction.Deny),
            new VerdictTest(ToDatabase, RuleAction.Allow),
            new VerdictTest(
                new Packet(Direction.Ingress, IpProtocol.Icmp, IpAddress.Parse("10.0.0.1"), 0, 8), RuleAction.Deny),
            new VerdictTest(new Packet(Direction.Ingress, 47, IpAddress.Parse("2001:db8::1")), RuleAction.Deny));
        Assert.Equal(
            [
                "tests[1]: Expected allow for egress tcp 10.0.0.11 port 3306, but it is deny by no-db.",
                "tests[2]: Expected deny for ingress icmp 10.0.0.1 type 8 code 0, but it is allow by the default.",
                "tests[3]: Expected deny for ingress 47 2001:db8::1, but it is allow by the default.",
            ],
            DocumentTests.Run(persona).Select(failure => failure.ToString()));
    }

    [Fact]
    public void A_rejected_packet_is_a_denied_one_and_a_failure_says_which_it_was()
    {
        Assert.Empty(Judged(RuleAction.Reject, expected: RuleAction.Deny));
        Assert.EndsWith(
            "but it is reject by told.", Assert.Single(Judged(RuleAction.Reject, expected: RuleAction.Allow)).Sentence,
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_only_audited_does_not_count()
    {
        var persona = PersonaWith(new VerdictTest(ToDatabase, RuleAction.Deny));
        Assert.Empty(DocumentTests.Run(persona with { Mode = EnforcementMode.Audit }));
        Assert.Single(DocumentTests.Run(
            persona with { Rules = [persona.Rules[0] with { Mode = EnforcementMode.Audit }] }));
    }

    private static ImmutableArray<TestFailure> Judged(RuleAction action, RuleAction expected) =>
        DocumentTests.Run(PersonaWith(new VerdictTest(ToDatabase, expected)), _ => (action, "told"));

    private static Persona PersonaWith(params VerdictTest[] tests) => new()
    {
        Name = "p",
        Revision = 1,
        DefaultIngress = RuleAction.Allow,
        DefaultEgress = RuleAction.Allow,
        Rules =
        [
            new Rule
            {
                Id = "no-db",
                Direction = Direction.Egress,
                Action = RuleAction.Deny,
                List = RuleList.Denied,
                Ports = [new PortRange(3306, 3306)],
            },
        ],
        Tests = [.. tests],
    };
}
