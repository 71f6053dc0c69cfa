using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Protos.V1;
using Xunit;
using ProcessEvent = EbpfPersonas.Agent.Abi.ProcessEvent;

namespace EbpfPersonas.Agent.Tests.Activity;

public sealed class ActivityFeedTests
{
    private static readonly RunningProcess Init =
        new(1, 0, new ProcessImage("/sbin/init", "/usr/lib/systemd/systemd", 0, "root"));

    private readonly Dictionary<uint, RunningProcess> _unseen = [];
    private readonly ActivityFeed _feed;

    public ActivityFeedTests()
    {
        _feed = new ActivityFeed(TimeProvider.System, new UserNames(), _unseen.GetValueOrDefault, 20_000);
    }

    [Fact]
    public void Says_nothing_before_the_first_scan()
    {
        _feed.Add([Exec(7, "/bin/sh")]);

        Assert.Null(_feed.Take());
    }

    [Fact]
    public void Begins_with_a_snapshot_and_goes_on_with_what_happens_after_it()
    {
        _feed.Replace([Init]);
        var snapshot = _feed.Take()!.Message;
        _feed.Add(
            [
                Exec(7, "/usr/bin/mysql", "/usr/bin/mariadb"),
                Record(ProcessEventKind.Fork, 8, 7),
                Record(ProcessEventKind.Exit, 7)
            ]);
        var batch = _feed.Take()!.Message;

        Assert.True(snapshot.Snapshot);
        Assert.Equal(StartKind.Running, Assert.Single(snapshot.Processes).Started.Kind);
        Assert.False(batch.Snapshot);
        Assert.Equal(
            [StartKind.Exec, StartKind.Fork],
            batch.Processes.Where(e => e.Started is not null).Select(e => e.Started.Kind));
        Assert.Equal("/usr/bin/mariadb", batch.Processes[1].Started.Executable);
        Assert.Equal(7u, batch.Processes[1].Started.ParentPid);
        Assert.Equal(7u, batch.Processes[2].Exited.Pid);
        Assert.Null(_feed.Take());
        var sequence = snapshot.Processes.Concat(batch.Processes).Select(e => e.Sequence).ToArray();
        Assert.Equal(sequence.Order().Distinct(), sequence);
    }

    [Fact]
    public void Names_the_user_and_the_time_of_what_happened()
    {
        _feed.Replace([]);
        _feed.Take();
        var before = TimeProvider.System.GetUtcNow();
        _feed.Add([Exec(7, "/bin/sh")]);
        var started = Assert.Single(_feed.Take()!.Message.Processes);

        Assert.Equal("root", started.Started.UserName);
        Assert.InRange(
            started.Time.ToDateTimeOffset(),
            before - TimeSpan.FromSeconds(1),
            before + TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void A_fork_of_an_unknown_parent_is_looked_up()
    {
        _feed.Replace([]);
        _feed.Take();
        _unseen[8] = new RunningProcess(8, 7, Init.Image);
        _feed.Add([Record(ProcessEventKind.Fork, 8, 7), Record(ProcessEventKind.Fork, 9, 7)]);

        Assert.Equal("/sbin/init", Assert.Single(_feed.Take()!.Message.Processes).Started.Path);
    }

    [Fact]
    public void An_end_that_nobody_saw_begin_is_not_reported()
    {
        _feed.Replace([Init]);
        _feed.Take();
        _feed.Add(
            [Record(ProcessEventKind.Exit, 99), Record(ProcessEventKind.Exit, 1), Record(ProcessEventKind.Exit, 1)]);

        Assert.Equal(1u, Assert.Single(_feed.Take()!.Message.Processes).Exited.Pid);
    }

    [Fact]
    public void A_new_stream_and_a_new_scan_begin_with_a_snapshot_again()
    {
        _feed.Replace([Init]);
        _feed.Take();
        _feed.Add([Exec(7, "/bin/sh")]);
        _feed.Restart();
        var after = _feed.Take()!.Message;
        _feed.SetLost(3);
        _feed.Replace([Init]);
        var rescanned = _feed.Take()!.Message;

        Assert.True(after.Snapshot);
        Assert.Equal([1u, 7u], after.Processes.Select(e => e.Started.Pid).Order());
        Assert.True(rescanned.Snapshot);
        Assert.Equal(3ul, rescanned.EventsLost);
        Assert.Equal(1u, Assert.Single(rescanned.Processes).Started.Pid);
    }

    [Fact]
    public void What_waits_is_bounded_and_becomes_one_snapshot()
    {
        _feed.Replace([]);
        _feed.Take();
        _feed.Add([.. Enumerable.Range(1, ActivityFeed.WaitingMax + 1).Select(pid => Exec((uint)pid, "/bin/sh"))]);
        var batch = _feed.Take()!.Message;

        Assert.True(batch.Snapshot);
        Assert.Equal(ActivityFeed.WaitingMax + 1, batch.Processes.Count);
    }

    [Fact]
    public void A_batch_stays_far_below_the_limit_of_a_message()
    {
        var path = "/" + new string('a', 4000);
        _feed.Replace([]);
        _feed.Take();
        _feed.Add([.. Enumerable.Range(1, 500).Select(pid => Exec((uint)pid, path, path))]);

        var sizes = new List<int>();
        var count = 0;
        while (_feed.Take() is { } batch)
        {
            sizes.Add(batch.Message.CalculateSize());
            count += batch.Message.Processes.Count;
        }

        Assert.Equal(500, count);
        Assert.All(sizes, size => Assert.InRange(size, 1, 1024 * 1024));
    }

    [Fact]
    public void Says_what_the_parent_ran_when_it_started_a_process()
    {
        _feed.Replace([Init, new(2, 1, new ProcessImage("/usr/sbin/cron", "/usr/sbin/cron", 0, "root"))]);
        var scanned = _feed.Take()!.Message.Processes.ToDictionary(e => e.Started.Pid, e => e.Started);
        _feed.Add([Exec(7, "/usr/sbin/sshd"), Child(8, "/bin/bash", 7), Record(ProcessEventKind.Fork, 9, 8)]);
        var started = _feed.Take()!.Message.Processes.Select(e => e.Started).ToArray();
        // The parent ends, and everything is looked at again.
        _feed.Add([Record(ProcessEventKind.Exit, 7)]);
        _feed.Replace([Init, new(8, 1, new ProcessImage("/bin/bash", "", 0, "root"))]);
        var again = _feed.Take()!.Message.Processes.Single(e => e.Started.Pid == 8).Started;

        Assert.Equal(("", ""), (scanned[1].ParentPath, scanned[1].ParentExecutable));
        Assert.Equal("/sbin/init", scanned[2].ParentPath);
        Assert.Equal("/usr/lib/systemd/systemd", scanned[2].ParentExecutable);
        Assert.Equal(["", "/usr/sbin/sshd", "/usr/sbin/sshd"], started.Select(process => process.ParentPath));
        Assert.Equal("/usr/sbin/sshd", again.ParentPath);
    }

    private static ProcessRecord Child(uint pid, string path, uint parent) =>
        Record(ProcessEventKind.Exec, pid, parent) with { Path = path };

    private static ProcessRecord Exec(uint pid, string path, string executable = "") =>
        Record(ProcessEventKind.Exec, pid) with { Path = path, Executable = executable };

    private static ProcessRecord Record(ProcessEventKind kind, uint pid, uint parent = 0) => new(
        new ProcessEvent
        {
            Kind = kind,
            Pid = pid,
            ParentPid = parent,
            TimeNs = (ulong)TimeProvider.System.GetTimestamp()
        },
        string.Empty,
        string.Empty);
}
