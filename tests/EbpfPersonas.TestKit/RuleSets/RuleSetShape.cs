using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>
/// How many rules a set has, of which families, drawn from which seed, and in which direction (null = both, drawn).
/// </summary>
public sealed record RuleSetShape(
    int Rules, RuleSetFamilies Families = RuleSetFamilies.IPv4, ulong Seed = 1, Direction? Direction = null);
