using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Fuzzing;
using EbpfPersonas.TestKit.RuleSets;

namespace EbpfPersonas.TestKit.Proof;

/// <summary>
/// What a proof of so many cases is made of: small random personas, every kind of rule set at every size and family,
/// and personas that are switched. The large sets get few packets, because the reference looks at every rule for each.
/// </summary>
public static class ProofPlan
{
    private const int PacketsPerRandomPersona = 200;
    private const int RoundsPerSwitchPart = 200;
    private const int ConnectionsPerPart = 1000;

    /// <summary>Of a thousand packets those under personas that are switched.</summary>
    private const int SwitchedPerMille = 40;

    private const int HugeRules = 100_000;

    /// <summary>Of a million packets those under rule sets of <see cref="HugeRules"/>.</summary>
    private const int HugePerMillion = 1500;

    /// <summary>A set that would get fewer packets than this is left out.</summary>
    private const int LeastPackets = 50;

    /// <summary>
    /// Of a thousand packets those under rule sets of a size, and how many of them for each kind and family.
    /// </summary>
    private static readonly (int Rules, int PerMille, int Seeds)[] Sizes =
        [(10, 150, 4), (100, 200, 4), (1000, 200, 3), (10_000, 50, 2)];

    private static readonly ImmutableArray<RuleSetKind> HugeKinds =
        [RuleSetCatalog.Mixed, RuleSetCatalog.Exact, .. RuleSetCatalog.ClassBench];

    /// <summary>
    /// At least <paramref name="cases"/> packets, and besides them those of so many TCP connections; the parts of one
    /// seed never change.
    /// </summary>
    public static ImmutableArray<ProofPart> Make(ulong seed, long cases, int connections = 0)
    {
        ProofPart[] planned =
        [
            .. Sizes.SelectMany(size =>
                Sets(RuleSetCatalog.All, size.Rules, cases * size.PerMille / 1000, size.Seeds)),
            .. Sets(HugeKinds, HugeRules, cases * HugePerMillion / 1_000_000, seeds: 1),
            .. Switched(cases * SwitchedPerMille / 1000 / SwitchedPersonas.PacketsPerRound),
        ];
        var rest = Math.Max(0, cases - planned.Sum(part => part.Packets));
        var small = Enumerable.Range(0, (int)((rest + PacketsPerRandomPersona - 1) / PacketsPerRandomPersona))
            .Select(_ => new FirstPackets("random", 0, RandomPersona.Make, PacketsPerRandomPersona));
        var seeds = new Prng(seed);
        var parts = ImmutableArray.CreateBuilder<ProofPart>();
        foreach (var part in small.Concat<ProofPart>(planned).Concat(Connected(connections)))
        {
            part.Number = parts.Count;
            part.Seed = seeds.Next();
            parts.Add(part);
        }

        return parts.ToImmutable();
    }

    private static IEnumerable<ProofPart> Sets(ImmutableArray<RuleSetKind> kinds, int rules, long packets, int seeds)
    {
        var families = Enum.GetValues<RuleSetFamilies>();
        var each = (int)(packets / (kinds.Length * families.Length * seeds));
        return
            from kind in each < LeastPackets ? [] : kinds
            from family in families
            from _ in Enumerable.Range(0, seeds)
            select new FirstPackets(
                kind.Name,
                rules,
                random => Vary(random, kind.Make(new RuleSetShape(rules, family, random.Next()))),
                each);
    }

    private static IEnumerable<ProofPart> Switched(long rounds)
    {
        for (var left = rounds; left > 0; left -= RoundsPerSwitchPart)
        {
            yield return new SwitchedPersonas((int)Math.Min(RoundsPerSwitchPart, left));
        }
    }

    private static IEnumerable<ProofPart> Connected(int connections)
    {
        for (var left = connections; left > 0; left -= ConnectionsPerPart)
        {
            yield return new Connections(Math.Min(ConnectionsPerPart, left));
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
