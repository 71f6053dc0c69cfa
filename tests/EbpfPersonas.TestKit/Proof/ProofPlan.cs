using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Fuzzing;
using EbpfPersonas.TestKit.RuleSets;

namespace EbpfPersonas.TestKit.Proof;

/// <summary>
/// What a proof of so many cases is made of: small random personas, every kind of rule set at every size and family, and
/// personas that are switched. The large sets get few packets, because the reference looks at every rule for each.
/// </summary>
public static class ProofPlan
{
    private const int PacketsPerRandomPersona = 200;
    private const int RoundsPerSwitchPart = 200;

    /// <summary>Of a thousand packets those under personas that are switched.</summary>
    private const int SwitchedPerMille = 40;

    private const int HugeRules = 100_000;

    /// <summary>Of a million packets those under rule sets of <see cref="HugeRules"/>.</summary>
    private const int HugePerMillion = 400;

    /// <summary>A set that would get fewer packets than this is left out.</summary>
    private const int LeastPackets = 20;

    /// <summary>Of a thousand packets those under rule sets of a size, and how many of them for each kind and family.</summary>
    private static readonly (int Rules, int PerMille, int Seeds)[] Sizes =
        [(10, 200, 4), (100, 200, 4), (1000, 150, 3), (10_000, 20, 2)];

    private static readonly ImmutableArray<RuleSetKind> HugeKinds =
        [RuleSetCatalog.Mixed, RuleSetCatalog.Exact, .. RuleSetCatalog.ClassBench];

    /// <summary>At least <paramref name="cases"/> packets; the parts of one seed never change.</summary>
    public static ImmutableArray<ProofPart> Make(ulong seed, long cases)
    {
        var parts = new List<ProofPart>();
        var seeds = new Prng(seed);
        foreach (var (rules, perMille, repeated) in Sizes)
        {
            AddSets(RuleSetCatalog.All, rules, cases * perMille / 1000, repeated);
        }

        AddSets(HugeKinds, HugeRules, cases * HugePerMillion / 1_000_000, 1);
        var rounds = cases * SwitchedPerMille / 1000 / SwitchedPersonas.PacketsPerRound;
        for (var left = rounds; left > 0; left -= RoundsPerSwitchPart)
        {
            parts.Add(new SwitchedPersonas((int)Math.Min(RoundsPerSwitchPart, left))
            {
                Number = parts.Count,
                Seed = seeds.Next(),
            });
        }

        for (var left = cases - parts.Sum(part => part.Packets); left > 0; left -= PacketsPerRandomPersona)
        {
            parts.Add(new FirstPackets("random", 0, RandomPersona.Make, PacketsPerRandomPersona)
            {
                Number = parts.Count,
                Seed = seeds.Next(),
            });
        }

        return [.. parts];

        void AddSets(ImmutableArray<RuleSetKind> kinds, int rules, long packets, int repeated)
        {
            var families = Enum.GetValues<RuleSetFamilies>();
            var each = (int)(packets / (kinds.Length * families.Length * repeated));
            var sets =
                from kind in kinds
                from family in families
                from _ in Enumerable.Range(0, repeated)
                where each >= LeastPackets
                select (kind, family);
            foreach (var (kind, family) in sets)
            {
                parts.Add(new FirstPackets(kind.Name, rules, Draw, each) { Number = parts.Count, Seed = seeds.Next() });

                Persona Draw(Prng random) => Vary(random, kind.Make(new RuleSetShape(rules, family, random.Next())));
            }
        }
    }

    /// <summary>
    /// What the catalog's rule sets do not have: defaults that allow, and in half of them rules in audit mode; one
    /// persona in ten is in audit mode itself.
    /// </summary>
    internal static Persona Vary(Prng random, Persona persona)
    {
        var audited = random.Chance(50) ? random.Between(1, 30) : 0;
        return persona with
        {
            DefaultIngress = random.Pick(RuleAction.Allow, RuleAction.Deny),
            DefaultEgress = random.Pick(RuleAction.Allow, RuleAction.Deny),
            Mode = random.Chance(10) ? EnforcementMode.Audit : EnforcementMode.Enforce,
            Rules = audited == 0
                ? persona.Rules
                : [.. persona.Rules.Select(rule =>
                    random.Chance(audited) ? rule with { Mode = EnforcementMode.Audit } : rule)],
        };
    }
}
