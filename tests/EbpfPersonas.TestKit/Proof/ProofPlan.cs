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
    private const int LargestRandomPersona = 40;
    private const int RoundsPerSwitchPart = 200;
    private const int PacketsPerRound = 110;

    /// <summary>A set that would get fewer packets than this is left out.</summary>
    private const int LeastPackets = 20;

    private static readonly (int Rules, int PerMille, int Seeds)[] Sizes =
        [(10, 200, 2), (100, 200, 2), (1000, 150, 2), (10_000, 10, 1)];

    /// <summary>Of a million packets those under rule sets of <see cref="HugeRules"/>.</summary>
    private const int HugePerMillion = 150;

    private const int HugeRules = 100_000;
    private const int SwitchedPerMille = 30;

    private static readonly RuleSetKind[] HugeKinds =
        [RuleSetCatalog.Mixed, RuleSetCatalog.Exact, RuleSetCatalog.ClassBench[0]];

    /// <summary>About <paramref name="cases"/> packets; the parts of one seed never change.</summary>
    public static ImmutableArray<ProofPart> Make(ulong seed, long cases)
    {
        var parts = ImmutableArray.CreateBuilder<ProofPart>();
        var seeds = new Prng(seed);
        foreach (var (rules, perMille, repeated) in Sizes)
        {
            var sets = RuleSetCatalog.All.Length * 3 * repeated;
            AddSets(RuleSetCatalog.All, rules, (int)(cases * perMille / 1000 / sets), repeated);
        }

        AddSets(HugeKinds, HugeRules, (int)(cases * HugePerMillion / 1_000_000 / (HugeKinds.Length * 3)), 1);
        var rounds = cases * SwitchedPerMille / 1000 / PacketsPerRound;
        for (var done = 0L; done < rounds; done += RoundsPerSwitchPart)
        {
            parts.Add(new SwitchedPersonas((int)Math.Min(RoundsPerSwitchPart, rounds - done))
            {
                Number = parts.Count,
                Seed = seeds.Next(),
            });
        }

        var rest = 1_000_000 - (Sizes.Sum(size => size.PerMille) * 1000) - (SwitchedPerMille * 1000) - HugePerMillion;
        for (var left = cases * rest / 1_000_000; left > 0; left -= PacketsPerRandomPersona)
        {
            parts.Add(new FirstPackets("random", LargestRandomPersona, RandomPersona.Make, PacketsPerRandomPersona)
            {
                Number = parts.Count,
                Seed = seeds.Next(),
            });
        }

        return parts.ToImmutable();

        void AddSets(IEnumerable<RuleSetKind> kinds, int rules, int packets, int repeated)
        {
            foreach (var kind in kinds.Where(_ => packets >= LeastPackets))
            {
                foreach (var families in Enum.GetValues<RuleSetFamilies>())
                {
                    for (var i = 0; i < repeated; i++)
                    {
                        parts.Add(new FirstPackets(
                            kind.Name, rules,
                            random => Vary(random, kind.Make(new RuleSetShape(rules, families, random.Next()))), packets)
                        {
                            Number = parts.Count,
                            Seed = seeds.Next(),
                        });
                    }
                }
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
