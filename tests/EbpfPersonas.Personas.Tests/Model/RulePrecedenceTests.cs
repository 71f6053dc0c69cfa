using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Tests.Model;

public sealed class RulePrecedenceTests
{
    [Fact]
    public void Asks_firewall_rules_then_denied_then_allowed() => Assert.Equal(
        ["firewall", "denied", "allowed"],
        Order(
            Make("allowed", RuleList.Allowed),
            Make("denied", RuleList.Denied),
            Make("firewall", RuleList.FirewallRules, 1000)));

    [Fact]
    public void Asks_firewall_rules_by_priority_as_a_number() => Assert.Equal(
        ["0", "3", "20", "100", "1000"],
        Order(
            Make("100", RuleList.FirewallRules, 100), Make("20", RuleList.FirewallRules, 20),
            Make("1000", RuleList.FirewallRules, 1000), Make("3", RuleList.FirewallRules, 3),
            Make("0", RuleList.FirewallRules)));

    [Theory]
    [InlineData(RuleAction.Deny)]
    [InlineData(RuleAction.Reject)]
    public void Breaks_a_tie_of_priorities_with_deny_before_allow(RuleAction action) => Assert.Equal(
        ["denies", "allows"],
        Order(
            Make("allows", RuleList.FirewallRules, 5, RuleAction.Allow),
            Make("denies", RuleList.FirewallRules, 5, action)));

    [Fact]
    public void Keeps_the_documents_order_where_nothing_else_decides() => Assert.Equal(
        ["z", "a", "m"],
        Order(Make("z", RuleList.Denied), Make("a", RuleList.Denied), Make("m", RuleList.Denied)));

    [Fact]
    public void Ranks_deny_and_reject_alike() => Assert.Equal(
        ["reject", "deny"],
        Order(
            Make("reject", RuleList.FirewallRules, 5, RuleAction.Reject),
            Make("deny", RuleList.FirewallRules, 5, RuleAction.Deny)));

    [Fact]
    public void Gives_priorities_no_weight_outside_of_firewall_rules() => Assert.Equal(
        ["first", "second"], Order(Make("first", RuleList.Denied, 900), Make("second", RuleList.Denied, 1)));

    private static IEnumerable<string> Order(params Rule[] rules) =>
        RulePrecedence.Order(rules).Select(rule => rule.Id);

    private static Rule Make(string id, RuleList list, int priority = 0, RuleAction? action = null) => new()
    {
        Id = id,
        Direction = Direction.Egress,
        Action = action ?? (list == RuleList.Allowed ? RuleAction.Allow : RuleAction.Deny),
        List = list,
        Priority = priority,
    };
}
