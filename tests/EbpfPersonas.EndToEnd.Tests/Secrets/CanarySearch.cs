using System.Text;

namespace EbpfPersonas.EndToEnd.Tests.Secrets;

/// <summary>Looks for secrets where anybody might look; what it finds are pairs of a secret and a place.</summary>
internal sealed class CanarySearch
{
    private readonly List<Canary> _canaries = [];
    private readonly SortedSet<string> _found = new(StringComparer.Ordinal);

    /// <summary>All so far, each as "SECRET in PLACE".</summary>
    public IReadOnlyCollection<string> Found => _found;

    public void Plant(Canary canary) => _canaries.Add(canary);

    public void LookIntoText(string place, string text) => LookInto(place, Encoding.UTF8.GetBytes(text));

    /// <summary>All files of a folder and of those in it, each named from there.</summary>
    public void LookIntoFolder(string place, string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            LookInto($"{place}/{Path.GetRelativePath(folder, path)}", Read(path));
        }
    }

    /// <summary>The arguments and the environment of every process of the machine.</summary>
    public void LookIntoProcesses()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(
            folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
        {
            LookInto("arguments", Read(Path.Combine(folder, "cmdline")));
            LookInto("environment", Read(Path.Combine(folder, "environ")));
        }
    }

    private void LookInto(string place, byte[] octets)
    {
        foreach (var canary in _canaries.Where(canary => canary.IsIn(octets)))
        {
            _found.Add($"{canary.Name} in {place}");
        }
    }

    private static byte[] Read(string path)
    {
        try
        {
            using var file = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var octets = new MemoryStream();
            file.CopyTo(octets);
            return octets.ToArray();
        }
        catch (IOException)
        {
            // A process that ended, a file that was replaced.
            return [];
        }
    }
}
