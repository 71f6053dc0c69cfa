using System.Collections.Immutable;

namespace EbpfPersonas.Personas.Activation;

/// <summary>Everything that decides which persona is active on one VM.</summary>
public sealed record Situation
{
    /// <summary>The personas that are bound to the VM; their order does not matter.</summary>
    public ImmutableArray<Candidate> Candidates { get; init; } = [];

    /// <summary>The activation by hand, if there is one.</summary>
    public ManualPin? Pin { get; init; }

    /// <summary>
    /// The persona that a trigger activated and that stays until it is deactivated by hand (<c>deactivate_when:
    /// manual</c>).
    /// </summary>
    public string? Held { get; init; }

    /// <summary>The VM's default persona, if it has one.</summary>
    public string? Default { get; init; }
}
