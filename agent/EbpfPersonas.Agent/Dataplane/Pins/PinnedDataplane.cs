using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.Dataplane.Interfaces;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Pins;

/// <summary>What agents left in the kernel, for whoever has no agent.</summary>
public static class PinnedDataplane
{
    /// <summary>
    /// What the maps say that are pinned in <paramref name="directory"/>: those that switched last, where there are
    /// several. Null where there are none. Changes nothing; throws <see cref="BpfException"/>, and
    /// <see cref="IOException"/> where an agent replaces them at this moment.
    /// </summary>
    internal static PinnedReading? Read(string directory)
    {
        var folder = PinFolder.Usable(directory);
        if (!Directory.Exists(folder))
        {
            return null;
        }

        var layouts = PinnedLayout.OpenAll(folder);
        try
        {
            return layouts.Count == 0 ? null : PinnedReading.Of(layouts[0]);
        }
        finally
        {
            layouts.ForEach(layout => layout.Dispose());
        }
    }

    /// <summary>
    /// Takes everything off that is pinned in <paramref name="directory"/>, after <paramref name="removeLinks"/> did so
    /// with the filters whose links are in the folder that it is given. Throws <see cref="IOException"/> where an agent
    /// runs, and <see cref="BpfException"/>.
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

    /// <summary>
    /// As <see cref="Remove"/>, where another process has <paramref name="directory"/> and holds the links: they are
    /// taken off whoever does, before their names go. Throws <see cref="IOException"/> and <see cref="BpfException"/>.
    /// </summary>
    internal static void RemoveHeld(string directory)
    {
        var links = LayoutPins.LinksIn(directory);
        SocketHooks.RemovePinned(links);
        ProcessTracer.RemovePinned(links);
        InterfaceFilters.RemoveAll(links);
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
