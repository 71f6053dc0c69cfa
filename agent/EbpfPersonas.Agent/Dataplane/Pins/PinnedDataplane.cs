namespace EbpfPersonas.Agent.Dataplane.Pins;

/// <summary>What agents left in the kernel, for whoever has no agent.</summary>
public static class PinnedDataplane
{
    /// <summary>
    /// Takes everything off that is pinned in <paramref name="directory"/>, after <paramref name="removeLinks"/> did so
    /// with the filters whose links are in the folder that it is given. Throws <see cref="IOException"/> where an agent
    /// runs, and <see cref="EbpfPersonas.Bpf.BpfException"/>.
    /// </summary>
    public static void Remove(string directory, Action<string> removeLinks)
    {
        ArgumentNullException.ThrowIfNull(removeLinks);
        var options = new DataplaneOptions();
        using var filter = BpfImages.OpenFilter(options);
        using var pins = LayoutPins.Take(options, directory, filter);
        removeLinks(pins.Links);
        pins.RemoveAll();
    }
}
