using System.Text.Json;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Processes;

namespace EbpfPersonas.TestKit.Leaks;

/// <summary>
/// What a test run could leave behind on the machine: namespaces of this run, qdiscs and links of the machine's own
/// interfaces, and BPF objects.
/// </summary>
public sealed record MachineState(IReadOnlySet<string> Things)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static async Task<MachineState> ReadAsync()
    {
        var things = new HashSet<string>();
        foreach (var name in StaleNamespaces.All.Where(
            name => name.StartsWith($"{StaleNamespaces.Prefix}{Environment.ProcessId}-", StringComparison.Ordinal)))
        {
            things.Add("namespace " + name);
        }

        foreach (var line in (await RunningProcess.RunAsync("tc", "qdisc", "show")).Split('\n'))
        {
            things.Add("qdisc " + line.Trim());
        }

        foreach (var line in (await RunningProcess.RunAsync("ip", "-o", "-br", "link", "show")).Split('\n'))
        {
            things.Add("interface " + line.Split(' ')[0]);
        }

        foreach (var kind in (string[])["prog", "map", "link"])
        {
            using var document = JsonDocument.Parse(await RunningProcess.RunAsync("bpftool", "-j", kind, "show"));
            foreach (var entry in document.RootElement.EnumerateArray())
            {
                var name = entry.TryGetProperty("name", out var value) ? value.GetString() : "";
                things.Add($"bpf {kind} {entry.GetProperty("id")} {name}");
            }
        }

        return new MachineState(things);
    }

    /// <summary>
    /// What was not there in this state and is there to stay: seen at every look during 10 s. The kernel frees
    /// namespaces and programs a little after their last user has gone, and other programs of the machine come and go.
    /// </summary>
    public async Task<IReadOnlyList<string>> FindLeaksAsync()
    {
        using var deadline = new CancellationTokenSource(Patience);
        var leaks = (await ReadAsync()).Things.Except(Things).ToHashSet();
        while (leaks.Count > 0 && !deadline.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200));
            leaks.IntersectWith((await ReadAsync()).Things);
        }

        return [.. leaks.Order(StringComparer.Ordinal)];
    }
}
