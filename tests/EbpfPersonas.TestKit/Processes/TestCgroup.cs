using System.Globalization;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.TestKit.Processes;

/// <summary>
/// A cgroup v2 of a test's own, below the one that the test process is in: never the machine's root, which concerns
/// every process. It goes with this object.
/// </summary>
public sealed class TestCgroup : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static int Count;

    private TestCgroup(string folder) => Folder = folder;

    public string Folder { get; }

    /// <summary>Makes an empty cgroup; throws where no cgroup v2 hierarchy is mounted.</summary>
    public static TestCgroup Create()
    {
        var root = CgroupFolder.FindRoot(File.ReadLines("/proc/self/mounts"))
            ?? throw new InvalidOperationException("No cgroup v2 hierarchy is mounted.");
        var folder = Path.Join(
            root, OwnPath(), $"ebpfp-{Environment.ProcessId}-{Interlocked.Increment(ref Count)}");
        Directory.CreateDirectory(folder);
        return new TestCgroup(folder);
    }

    /// <summary>
    /// Runs <paramref name="action"/> with this whole process in the cgroup. A socket stays in the cgroup of the
    /// process that made it, so what is opened here stays when the process has gone back.
    /// </summary>
    public T RunInside<T>(Func<T> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        var home = Path.GetDirectoryName(Folder)!;
        Enter(Folder);
        try
        {
            return action();
        }
        finally
        {
            Enter(home);
        }
    }

    /// <summary>Removes it; the last process inside may have ended a moment ago.</summary>
    public async ValueTask DisposeAsync()
    {
        var start = TimeProvider.System.GetTimestamp();
        while (Directory.Exists(Folder))
        {
            try
            {
                Directory.Delete(Folder);
            }
            catch (IOException) when (TimeProvider.System.GetElapsedTime(start) < Patience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10));
            }
        }
    }

    private static void Enter(string folder) => File.WriteAllText(
        Path.Join(folder, "cgroup.procs"), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));

    /// <summary>Where this process is in the hierarchy: the line "0::/path" (cgroups(7)).</summary>
    private static string OwnPath() =>
        File.ReadLines("/proc/self/cgroup").First(line => line.StartsWith("0::", StringComparison.Ordinal))[3..];
}
