using System.Globalization;
using EbpfPersonas.TestKit.Processes;
using Tmds.Linux;

namespace EbpfPersonas.TestKit.Network;

/// <summary>
/// Deletes the namespaces of test runs that were killed: a namespace's name carries its maker's process id.
/// </summary>
internal static class StaleNamespaces
{
    internal const string Prefix = "ebpfp-";

    internal static IEnumerable<string> All =>
        Directory.Exists("/run/netns")
            ? Directory.EnumerateFiles("/run/netns", Prefix + "*").Select(path => Path.GetFileName(path)!)
            : [];

    internal static async Task SweepAsync()
    {
        foreach (var name in All.Where(name => !MakerLives(name)).ToList())
        {
            await DeleteAsync(name);
        }
    }

    internal static async Task DeleteAsync(string name)
    {
        if (!File.Exists(Lab.NamespacePath(name)))
        {
            return;
        }

        var inside = await RunningProcess.RunAsync("ip", "netns", "pids", name);
        foreach (var line in inside.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var pid = int.Parse(line, CultureInfo.InvariantCulture);
            if (pid != Environment.ProcessId)
            {
                // It may have ended by itself since.
                _ = LibC.kill(pid, LibC.SIGKILL);
            }
        }

        await RunningProcess.RunAsync("ip", "netns", "delete", name);
    }

    private static bool MakerLives(string name) =>
        int.TryParse(name.Split('-')[1], CultureInfo.InvariantCulture, out var pid) && Directory.Exists($"/proc/{pid}");
}
