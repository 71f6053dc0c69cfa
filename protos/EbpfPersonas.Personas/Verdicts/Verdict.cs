using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Verdicts;

/// <summary>
/// What a persona says of the first packet of a flow. <paramref name="Rule"/> made the verdict, or null where the
/// default did. <paramref name="Audited"/> is the first rule in audit mode that would have decided earlier, or null.
/// </summary>
public sealed record Verdict(RuleAction Action, Rule? Rule, Rule? Audited);
