using System.Collections.Immutable;

namespace EbpfPersonas.Controller.Store;

/// <summary>
/// What a VM puts in force by itself, the strongest first, and how many of them, <paramref name="FloorRank"/>, are
/// stronger than the persona that was decided on. A revision says all of a persona: its trigger and its life too.
/// </summary>
internal sealed record StagedRevisions(ImmutableArray<StagedRevision> Personas, int FloorRank)
{
    /// <summary>Nothing is left to the VM.</summary>
    public static StagedRevisions None { get; } = new([], 0);

    /// <summary>The staged revision of a persona that can come into force; null where it is none of these.</summary>
    public long? RevisionOf(string? persona) =>
        Personas.Take(FloorRank).FirstOrDefault(staged => staged.Persona == persona)?.Revision;

    /// <summary>Whether the same personas are staged, in the same order and with the same floor.</summary>
    public bool Equals(StagedRevisions? other) =>
        other is not null && FloorRank == other.FloorRank && Personas.SequenceEqual(other.Personas);

    /// <inheritdoc/>
    public override int GetHashCode() => Personas.Aggregate(FloorRank, HashCode.Combine);
}
