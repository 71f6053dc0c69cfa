using System.Globalization;
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

    /// <summary>
    /// The arguments and the environment of all that this test started, and of what these started; what else runs on
    /// the machine is not its business.
    /// </summary>
    public int LookIntoProcesses() => LookIntoChildren(Environment.ProcessId);

    /// <summary>How many there are (proc_pid_task(5), "children").</summary>
    private int LookIntoChildren(int parent)
    {
        var count = 0;
        foreach (var thread in Threads(parent))
        {
            var children = Encoding.ASCII.GetString(Read(Path.Combine(thread, "children")));
            foreach (var child in children.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                LookInto("arguments", Read($"/proc/{child}/cmdline"));
                LookInto("environment", Read($"/proc/{child}/environ"));
                count += 1 + LookIntoChildren(int.Parse(child, CultureInfo.InvariantCulture));
            }
        }

        return count;
    }

    private static string[] Threads(int process)
    {
        try
        {
            return Directory.GetDirectories($"/proc/{process}/task");
        }
        catch (DirectoryNotFoundException)
        {
            return [];
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
