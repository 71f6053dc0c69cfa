namespace EbpfPersonas.TestKit.Processes;

/// <summary>So many processes that want a CPU all the time.</summary>
public sealed class BusyProcesses(int count) : IAsyncDisposable
{
    private readonly RunningProcess[] _processes =
        [.. Enumerable.Range(0, count).Select(_ => RunningProcess.Start("sh", ["-c", "while :; do :; done"]))];

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }
    }
}
