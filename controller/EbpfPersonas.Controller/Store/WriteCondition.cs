namespace EbpfPersonas.Controller.Store;

/// <summary>
/// What must hold for a write to happen (RFC 9110 section 13.1): <paramref name="Revisions"/> lists what If-Match
/// accepts (null = no condition, empty = anything that exists); <paramref name="MustNotExist"/> is "If-None-Match: *".
/// </summary>
internal sealed record WriteCondition(IReadOnlyList<long>? Revisions, bool MustNotExist)
{
    /// <summary>No condition.</summary>
    public static WriteCondition None { get; } = new(null, false);

    /// <summary>
    /// Whether the write may happen when <paramref name="current"/> (null = no such persona) is what there is.
    /// </summary>
    public bool Allows(long? current) =>
        !(MustNotExist && current is not null)
        && (Revisions is null || (current is { } revision && (Revisions.Count == 0 || Revisions.Contains(revision))));
}
