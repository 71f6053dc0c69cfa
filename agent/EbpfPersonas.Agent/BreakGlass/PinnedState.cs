using EbpfPersonas.Agent.Dataplane.Pins;

namespace EbpfPersonas.Agent.BreakGlass;

/// <summary>What of ours is pinned, and so in the kernel whether an agent runs or not.</summary>
/// <param name="Links">The links that hang filters on interfaces, by file name.</param>
/// <param name="Layouts">The folders of maps, one for each layout.</param>
internal sealed record PinnedState(IReadOnlyList<string> Links, IReadOnlyList<string> Layouts)
{
    /// <summary>What is in <paramref name="pinDirectory"/>; nothing where nothing is pinned at all.</summary>
    public static PinnedState Read(string? pinDirectory) => pinDirectory is not null && Directory.Exists(pinDirectory)
        ? new PinnedState(
            Names(LayoutPins.LinksIn(pinDirectory), "*", Directory.GetFiles),
            Names(pinDirectory, MapLayout.Prefix + "*", Directory.GetDirectories))
        : new PinnedState([], []);

    private static string[] Names(string folder, string pattern, Func<string, string, string[]> list) =>
        Directory.Exists(folder)
            ? [.. list(folder, pattern).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)]
            : [];
}
