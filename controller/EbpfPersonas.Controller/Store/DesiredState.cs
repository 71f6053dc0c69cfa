using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Store;

/// <summary>
/// What a VM should run, and why: where nothing is staged just that persona, else that persona as the floor. Generation
/// 0: nothing was ever decided, the VM keeps what it has.
/// </summary>
internal sealed record DesiredState(
    long Generation, string? Persona, long Revision, ActivationCause Cause, string Sentence, DateTimeOffset Since)
{
    /// <summary>Before the first decision.</summary>
    public static DesiredState Initial { get; } =
        new(0, null, 0, ActivationCause.None, "Nothing was decided yet.", DateTimeOffset.UnixEpoch);

    /// <summary>What the VM puts in force by itself.</summary>
    public StagedRevisions Staged { get; init; } = StagedRevisions.None;

    /// <summary>The persona in audit mode that is evaluated beside what is in force; null where none is.</summary>
    public StagedRevision? Shadow { get; init; }

    /// <summary>Whether a VM that carries it out may run this: the floor, or what it puts in force by itself.</summary>
    public bool Admits(string? persona, long revision) =>
        (persona == Persona && revision == Revision) || Staged.RevisionOf(persona) == revision;
}
