using EbpfPersonas.Agent.Tests.Activity;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Processes;
using EbpfPersonas.TestKit.Situations;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Stages;

/// <summary>
/// Real processes of a situation: programs of the names that it wants, in a root directory in which there is nothing
/// else.
/// </summary>
internal sealed class Actors : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly string _root;
    private readonly RunningProcess _process;
    private readonly Dictionary<uint, int> _numbers = [];
    private int _answers;

    private Actors(string root, RunningProcess process) => (_root, _process) = (root, process);

    /// <summary>The process that directs them.</summary>
    public int Id => _process.Id;

    /// <summary>Makes the programs of <paramref name="played"/> out of the one called "actors".</summary>
    public static async Task<Actors> StartAsync(LabHost host, TestPrograms programs, SituationCase played)
    {
        var root = Directory.CreateTempSubdirectory("ebpf-personas-root-").FullName;
        File.SetUnixFileMode(root, (UnixFileMode)0b111_101_101);
        var actor = Path.Join(root, "actor");
        File.Copy(programs["actors"], actor);
        foreach (var started in played.Steps.SelectMany(step => step.Facts).OfType<SituationFact.Started>())
        {
            Make(root, actor, started);
        }

        var process = host.Start(programs["actors"], [root]);
        await process.WaitForOutputAsync("ready", Patience);
        return new Actors(root, process);
    }

    /// <summary>Makes a fact about processes true, and waits until it is.</summary>
    public Task ApplyAsync(SituationFact fact) => fact switch
    {
        SituationFact.Started started when _numbers.TryGetValue(started.Pid, out var number) =>
            TellAsync($"become {number} {started.UserId} {started.Path}"),
        SituationFact.Started started =>
            TellAsync($"start {Number(started.Pid)} {Known(started.ParentPid)} {started.UserId} {started.Path}"),
        SituationFact.Forked forked => TellAsync($"fork {_numbers[forked.ParentPid]} AS {Number(forked.Pid)}"),
        SituationFact.Exited exited => ExitAsync(exited.Pid),
        _ => throw new ArgumentOutOfRangeException(nameof(fact), fact, "not of processes"),
    };

    public async ValueTask DisposeAsync()
    {
        _process.CloseInput();
        await _process.WaitForExitAsync(Patience);
        await _process.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    private static void Make(string root, string actor, SituationFact.Started started)
    {
        var path = Place(root, started.Path);
        if (File.Exists(path))
        {
            return;
        }

        if (started.Executable.Length == 0)
        {
            File.WriteAllText(path, "#!/actor\n");
            File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        }
        else if (started.Executable != started.Path)
        {
            File.Copy(actor, Place(root, started.Executable), overwrite: true);
            File.CreateSymbolicLink(path, started.Executable);
        }
        else
        {
            File.Copy(actor, path);
        }
    }

    private static string Place(string root, string path)
    {
        var place = Path.Join(root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        return place;
    }

    private int Number(uint pid) => _numbers[pid] = _numbers.Count + 1;

    private int Known(uint pid) => _numbers.GetValueOrDefault(pid);

    private Task ExitAsync(uint pid)
    {
        var number = _numbers[pid];
        // The pid may come again, for another.
        _numbers.Remove(pid);
        _numbers[uint.MaxValue - (uint)number] = number;
        return TellAsync($"exit {number}");
    }

    private async Task TellAsync(string order)
    {
        _process.Write(order + "\n");
        _answers++;
        await TestKit.Deployment.Eventually.TrueAsync(
            () => Task.FromResult(_process.Output.Split('\n').Count(line => line is "done" or "failed") == _answers),
            Patience, () => $"{order}: {_process.Output}");
        Assert.DoesNotContain("failed", _process.Output, StringComparison.Ordinal);
    }
}
