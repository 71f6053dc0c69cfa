using System.Collections.Immutable;

namespace EbpfPersonas.TestKit.Situations;

/// <summary>
/// What happens at one moment, all at once, and what is active then: <paramref name="State"/> is pinned, live,
/// lingering, held, default or none. <paramref name="Shadow"/> is evaluated beside it. With <paramref name="Next"/> the
/// earliest time at which that may change by itself.
/// </summary>
public sealed record SituationStep(
    int Line, TimeSpan At, ImmutableArray<SituationFact> Facts, string? Persona, string State, string? Shadow,
    TimeSpan? Next);
