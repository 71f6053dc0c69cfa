using System.Collections.Immutable;

namespace EbpfPersonas.Personas.Model;

/// <summary>The one total order of rules; the first match wins.</summary>
public static class RulePrecedence
{
    /// <summary>Sorts rules, given in document order, into evaluation order.</summary>
    public static ImmutableArray<Rule> Order(IEnumerable<Rule> documentOrder) =>
    [
        .. documentOrder
            // 1. firewall_rules, then denied_*, then allowed_*.
            .OrderBy(rule => rule.List)
            // 2. Among firewall_rules: lower priority first.
            .ThenBy(rule => rule.List == RuleList.FirewallRules ? rule.Priority : 0)
            // 3. Deny and reject before allow.
            .ThenBy(rule => rule.Action == RuleAction.Allow)
            // 4. The document's order; LINQ's sort is stable.
    ];
}
