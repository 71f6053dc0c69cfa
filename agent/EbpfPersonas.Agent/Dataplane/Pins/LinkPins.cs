using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Pins;

/// <summary>
/// Links of single programs in a folder of a bpffs, of one agent alone, where they outlive it and the next one replaces
/// them. Throws <see cref="BpfException"/> and <see cref="IOException"/>.
/// </summary>
internal static class LinkPins
{
    // A new link waits under this name until it takes the place of the old one. The kernel allows no dots.
    private const string Waiting = "-new";

    /// <summary>
    /// Pins the link as <paramref name="name"/>, in one step in the place of what has the name, which ends: for a
    /// moment both programs run.
    /// </summary>
    public static void Keep(BpfLink link, string directory, string name)
    {
        var pin = Path.Join(directory, name);
        Directory.CreateDirectory(directory);
        RemovePin(pin + Waiting);
        using var before = BpfLink.OpenPinned(pin);
        link.Pin(pin + Waiting);
        File.Move(pin + Waiting, pin, overwrite: true);
        before?.Detach();
    }

    /// <summary>Takes away what has the name, if anything has.</summary>
    public static void Remove(string directory, string name)
    {
        RemovePin(Path.Join(directory, name));
        RemovePin(Path.Join(directory, name) + Waiting);
    }

    /// <summary>Detaches at once: the kernel takes its time with a link that only lost its name.</summary>
    private static void RemovePin(string pin)
    {
        using var link = BpfLink.OpenPinned(pin);
        if (link is not null)
        {
            link.Detach();
            File.Delete(pin);
        }
    }
}
