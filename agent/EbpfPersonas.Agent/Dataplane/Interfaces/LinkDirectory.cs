using System.Globalization;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>
/// A directory of ours in a bpffs: a pinned tcx link for each interface and direction (17-ingress, 17-egress), and a
/// directory for each interface whose clsact qdisc we made (17-clsact). Throws <see cref="BpfException"/>.
/// </summary>
internal sealed class LinkDirectory(string path)
{
    private const int InputOutput = 5; // EIO
    private const string Clsact = "clsact";

    // A new link waits under this name until it takes the place of the old one. The kernel allows no dots.
    private const string Waiting = "-new";

    /// <summary>Makes the directory where there is none.</summary>
    public void Create() => Try("make " + path, () => Directory.CreateDirectory(path));

    /// <summary>Where the link is, or would be.</summary>
    public string Pin(int interfaceIndex, bool ingress) => Name(interfaceIndex, ingress ? "ingress" : "egress");

    /// <summary>Pins it, in one step in the place of what has the name.</summary>
    public void Keep(BpfLink link, int interfaceIndex, bool ingress)
    {
        var pin = Pin(interfaceIndex, ingress);
        Remove(pin + Waiting);
        link.Pin(pin + Waiting);
        Try("pin " + pin, () => File.Move(pin + Waiting, pin, overwrite: true));
    }

    /// <summary>Whether a process before us left links of this interface.</summary>
    public bool HasLinks(int interfaceIndex) =>
        File.Exists(Pin(interfaceIndex, ingress: true)) || File.Exists(Pin(interfaceIndex, ingress: false));

    /// <summary>Whether we made the clsact qdisc of this interface.</summary>
    public bool IsQdiscOurs(int interfaceIndex) => Directory.Exists(Name(interfaceIndex, Clsact));

    /// <summary>Remembers whether we made the clsact qdisc of this interface.</summary>
    public void RememberQdisc(int interfaceIndex, bool ours)
    {
        var name = Name(interfaceIndex, Clsact);
        if (ours)
        {
            Try("make " + name, () => Directory.CreateDirectory(name));
        }
        else
        {
            Remove(name);
        }
    }

    /// <summary>Takes the links of one interface off it, and forgets them.</summary>
    public void RemoveLinks(int interfaceIndex)
    {
        foreach (var ingress in (bool[])[true, false])
        {
            Remove(Pin(interfaceIndex, ingress));
            Remove(Pin(interfaceIndex, ingress) + Waiting);
        }
    }

    /// <summary>
    /// Takes the links off every interface that <paramref name="keep"/> says false of, and forgets those. Files with
    /// other names are not ours.
    /// </summary>
    public void RemoveAllBut(Func<int, bool> keep)
    {
        if (!Directory.Exists(path))
        {
            return;
        }

        var entries = Array.Empty<string>();
        Try("read " + path, () => entries = Directory.GetFileSystemEntries(path));
        foreach (var entry in entries)
        {
            var parts = Path.GetFileName(entry).Split('-', 2);
            if (parts is [var number, "ingress" or "egress" or "ingress" + Waiting or "egress" + Waiting or Clsact]
                && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                && (!keep(index) || entry.EndsWith(Waiting, StringComparison.Ordinal)))
            {
                Remove(entry);
            }
        }
    }

    /// <summary>Removes the directory itself where it is empty.</summary>
    public void Delete()
    {
        if (Directory.Exists(path) && !Directory.EnumerateFileSystemEntries(path).Any())
        {
            Try("remove " + path, () => Directory.Delete(path));
        }
    }

    private static void Remove(string name)
    {
        if (Directory.Exists(name))
        {
            Try("remove " + name, () => Directory.Delete(name));
        }
        else if (File.Exists(name))
        {
            using var link = BpfLink.OpenPinned(name);
            try
            {
                link?.Detach();
            }
            catch (BpfException)
            {
                // It is no link, or detached already.
            }

            Try("remove " + name, () => File.Delete(name));
        }
    }

    private string Name(int interfaceIndex, string what) =>
        Path.Join(path, string.Create(CultureInfo.InvariantCulture, $"{interfaceIndex}-{what}"));

    private static void Try(string operation, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BpfException(operation, InputOutput, e.Message);
        }
    }
}
