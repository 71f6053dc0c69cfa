using System.Collections.Immutable;

namespace EbpfPersonas.TestKit.Situations;

/// <summary>
/// One situation of the table: the documents of the bound personas by name, and what happens. At 0s the clock on the
/// wall shows <paramref name="Clock"/>.
/// </summary>
public sealed record SituationCase(
    string Name, string File, ImmutableSortedDictionary<string, string> Documents, string? Default,
    DateTimeOffset Clock, ImmutableArray<SituationStep> Steps)
{
    /// <summary>
    /// Whether only processes and time decide, so that a kernel can be asked: no pin, no restart, no clock, no new
    /// bindings, nothing that is only evaluated.
    /// </summary>
    public bool IsOfProcesses => Steps.SelectMany(step => step.Facts).All(
        fact => fact is SituationFact.Started or SituationFact.Forked or SituationFact.Exited)
        && !Documents.Values.Any(document => document.Contains("\"schedule\"", StringComparison.Ordinal)
            || document.Contains("\"audit\"", StringComparison.Ordinal));

    /// <summary>Every persona that is named: bound, default or pinned.</summary>
    public IEnumerable<string> Personas =>
        Documents.Keys.Concat(Steps.SelectMany(step => step.Facts).Select(fact => fact switch
        {
            SituationFact.Pinned pinned => pinned.Persona,
            SituationFact.Bound bound => bound.Persona,
            SituationFact.DefaultSet set => set.Persona,
            _ => null,
        })).Append(Default).OfType<string>().Distinct();

    public override string ToString() => $"{File}: {Name}";
}
