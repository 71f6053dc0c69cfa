using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Verdicts;

/// <summary>
/// A rule that decides nothing: every packet that it matches meets <paramref name="CoveredBy"/> before, or, where that
/// is null, it matches no packet. <paramref name="IsDuplicate"/> says that the two match and do the same.
/// </summary>
public sealed record UnreachableRule(Rule Rule, Rule? CoveredBy, bool IsDuplicate);
