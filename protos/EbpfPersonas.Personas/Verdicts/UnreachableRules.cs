using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Verdicts;

/// <summary>
/// Finds rules that one earlier rule covers whole, in protocol, ports, ICMP and addresses (what several rules cover
/// together is not looked for). What is found is so; of duplicates, all are found. Beyond them the search is bounded:
/// each rule is held against at most 64 earlier rules over its first address, those of the shortest prefixes first,
/// until 2 million intervals have been compared.
/// </summary>
public static class UnreachableRules
{
    private const int MaxCandidates = 64;

    private const long MaxComparisons = 2_000_000;

    /// <summary>The rules of <paramref name="persona"/> that decide nothing, in evaluation order.</summary>
    public static IEnumerable<UnreachableRule> Find(Persona persona)
    {
        ArgumentNullException.ThrowIfNull(persona);
        var same = new Dictionary<RuleExtent, Rule>();
        var earlier = new RulesByPrefix();
        var left = MaxComparisons;
        foreach (var rule in persona.Rules)
        {
            var extent = RuleExtent.Of(rule);
            if (extent.IsEmpty)
            {
                yield return new UnreachableRule(rule, null, IsDuplicate: false);
            }
            else if (same.TryGetValue(extent, out var twin) && IsAskedInsteadOf(twin, rule))
            {
                yield return new UnreachableRule(
                    rule, twin, IsDuplicate: (twin.Action, twin.Mode) == (rule.Action, rule.Mode));
            }
            else
            {
                same[extent] = rule;
                if (FindCover(earlier, rule, extent, ref left) is { } cover)
                {
                    yield return new UnreachableRule(rule, cover, IsDuplicate: false);
                }
                else
                {
                    // A covered rule is left out: whatever it covers, the rule that covers it covers too.
                    earlier.Add(rule, extent);
                }
            }
        }
    }

    private static Rule? FindCover(RulesByPrefix earlier, Rule rule, RuleExtent extent, ref long left)
    {
        foreach (var (candidate, around) in earlier.Around(extent).Take(MaxCandidates))
        {
            if ((left -= extent.Size) < 0)
            {
                return null;
            }

            if (IsAskedInsteadOf(candidate, rule) && around.Covers(extent))
            {
                return candidate;
            }
        }

        return null;
    }

    /// <summary>
    /// A rule in audit mode lets the rules behind it decide; it takes the place only of another such rule.
    /// </summary>
    private static bool IsAskedInsteadOf(Rule first, Rule second) =>
        first.Mode == EnforcementMode.Enforce || second.Mode == EnforcementMode.Audit;
}
