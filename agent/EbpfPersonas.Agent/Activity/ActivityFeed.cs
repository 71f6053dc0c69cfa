using System.Collections.Immutable;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Triggers;
using Google.Protobuf.WellKnownTypes;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Activity;

/// <summary>
/// Between tracing and the stream: keeps the process table and what the controller has not heard yet. What waits is
/// bounded; over the bound, at the start of a stream and after a loss the whole table goes out instead. For several
/// threads.
/// </summary>
internal sealed class ActivityFeed
{
    /// <summary>Events that may wait; more become one snapshot.</summary>
    public const int WaitingMax = 8192;

    private const int BatchSizeMax = 512 * 1024;

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly UserNames _users;
    private readonly Func<uint, RunningProcess?> _lookUp;
    private readonly ProcessTable _table;
    private readonly EndedProcesses _ended = new();
    private readonly Queue<WaitingEvent> _waiting = new();
    private readonly HashSet<uint> _urgent = [];
    private bool _scanned;
    private bool _snapshotDue = true;
    private ulong _sequence;
    private ulong _lost;

    /// <summary>
    /// <paramref name="lookUp"/> reads a process whose parent is not in the table; <paramref name="capacity"/> bounds
    /// the table.
    /// </summary>
    public ActivityFeed(TimeProvider time, UserNames users, Func<uint, RunningProcess?> lookUp, int capacity)
    {
        _time = time;
        _users = users;
        _lookUp = lookUp;
        _table = new ProcessTable(capacity);
    }

    /// <summary>Raised where a batch is to go out at once.</summary>
    public event Action? Hurried;

    /// <summary>
    /// Raised with what the controller wants to hear of at once, and with nothing when a stream ends.
    /// </summary>
    public event Action<ImmutableArray<ProcessCondition>>? Awaited;

    /// <summary>
    /// Raised with each exec that was written to the stream: how long that took since, and whether it was urgent.
    /// </summary>
    public event Action<TimeSpan, bool>? Reported;

    /// <summary>Processes that had no room in the table.</summary>
    public ulong Refused
    {
        get
        {
            lock (_gate)
            {
                return _table.Refused;
            }
        }
    }

    /// <summary>A process that lives, or as it was at its end; null where it is not known.</summary>
    public RunningProcess? Find(uint pid)
    {
        lock (_gate)
        {
            return _table.Find(pid) ?? _ended.Find(pid);
        }
    }

    /// <summary>Takes in what was traced, in order.</summary>
    public void Add(IReadOnlyList<ProcessRecord> records)
    {
        if (records.Count == 0)
        {
            return;
        }

        lock (_gate)
        {
            _users.Refresh();
            foreach (var record in records)
            {
                Add(record);
            }
        }
    }

    /// <summary>A scan found exactly these processes; what was known before is forgotten.</summary>
    public void Replace(IEnumerable<RunningProcess> processes)
    {
        lock (_gate)
        {
            var known = _table.Processes.ToDictionary(process => process.Pid);
            _table.Clear();
            var found = processes.DistinctBy(process => process.Pid).ToDictionary(process => process.Pid);
            foreach (var process in found.Values)
            {
                var parent = ParentOf(process, known, found);
                _table.Set(process with { Image = process.Image with { Parent = parent } });
            }

            _scanned = true;
            DropWaiting();
        }
    }

    /// <summary>Sets how many events the kernel could not hand over; the next batch says so.</summary>
    public void SetLost(ulong lost)
    {
        lock (_gate)
        {
            _lost = lost;
        }
    }

    /// <summary>A stream begins or ended: the next batch is a snapshot.</summary>
    public void Restart()
    {
        lock (_gate)
        {
            DropWaiting();
        }
    }

    /// <summary>The controller waits for these conditions to begin or to end.</summary>
    public void Await(ImmutableArray<ProcessCondition> conditions) => Awaited?.Invoke(conditions);

    /// <summary>What was taken in of a process is urgent, and what came before it goes with it.</summary>
    public void Hurry(uint pid)
    {
        lock (_gate)
        {
            _urgent.Add(pid);
        }

        Hurried?.Invoke();
    }

    /// <summary>The next batch, or null where there is nothing to say.</summary>
    public ReportBatch? Take()
    {
        lock (_gate)
        {
            if (!_scanned || (!_snapshotDue && _waiting.Count == 0))
            {
                return null;
            }

            var batch = new V1.ActivityBatch { Snapshot = _snapshotDue, EventsLost = _lost };
            var execs = new List<ReportBatch.Exec>();
            if (_snapshotDue)
            {
                var now = _time.GetUtcNow().ToTimestamp();
                batch.Processes.Add(_table.Processes.Select(process => Started(process, V1.StartKind.Running, now)));
                _snapshotDue = false;
            }
            else
            {
                for (var size = 0; size < BatchSizeMax && _waiting.TryDequeue(out var next);)
                {
                    batch.Processes.Add(next.Event);
                    size += next.Event.CalculateSize();
                    if (next.ExecutedNs != 0)
                    {
                        var isUrgent = _urgent.Contains(next.Event.Started.Pid);
                        execs.Add(new ReportBatch.Exec((long)next.ExecutedNs, isUrgent));
                    }
                }
            }

            if (_waiting.Count == 0)
            {
                _urgent.Clear();
            }

            return new ReportBatch(batch, execs);
        }
    }

    /// <summary>A batch was written to the stream.</summary>
    public void Sent(ReportBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        foreach (var exec in batch.Execs)
        {
            Reported?.Invoke(AgeOf(exec.TimeNs), exec.IsUrgent);
        }
    }

    /// <summary>The parent that is known already, of the same image; else that of now.</summary>
    private static ParentImage? ParentOf(
        RunningProcess process, Dictionary<uint, RunningProcess> known, Dictionary<uint, RunningProcess> found) =>
        known.TryGetValue(process.Pid, out var before)
        && before.Image with { Parent = process.Image.Parent } == process.Image
        && before.Image.Parent is { } parent
            ? parent
            : found.GetValueOrDefault(process.ParentPid)?.Image.AsParent();

    private void Add(in ProcessRecord record)
    {
        var head = record.Event;
        switch (head.Kind)
        {
            case ProcessEventKind.Exec:
                var image = new ProcessImage(record.Path, record.Executable, head.UserId, _users.NameOf(head.UserId))
                {
                    Parent = _table.ImageOf(head.ParentPid),
                };
                var process = new RunningProcess(head.Pid, head.ParentPid, image);
                var known = _table.Contains(head.Pid);
                if (_table.Set(process))
                {
                    Report(process, V1.StartKind.Exec, head);
                }
                else if (known)
                {
                    // What it ran before has ended, what it runs now has no room.
                    Report(Exited(head));
                }

                break;
            case ProcessEventKind.Fork:
                // The parent may have come into the namespace without an exec (setns) and be unknown.
                if (_table.TryFork(head.ParentPid, head.Pid, out var child)
                    || (_lookUp(head.Pid) is { } found && _table.Set(child = found)))
                {
                    Report(child, V1.StartKind.Fork, head);
                }

                break;
            case ProcessEventKind.Exit when _table.Find(head.Pid) is { } ended:
                _table.Remove(head.Pid);
                _ended.Add(ended);
                Report(Exited(head));
                break;
        }
    }

    private void Report(RunningProcess process, V1.StartKind kind, in ProcessEvent head) => Report(
        Started(process, kind, TimeOf(head)), kind == V1.StartKind.Exec ? head.TimeNs : 0);

    private void Report(V1.ProcessEvent reported, ulong executedNs = 0)
    {
        if (_snapshotDue)
        {
            return; // The snapshot will say it.
        }

        if (_waiting.Count == WaitingMax)
        {
            DropWaiting();
            return;
        }

        reported.Sequence = ++_sequence;
        _waiting.Enqueue(new WaitingEvent(reported, executedNs));
    }

    private V1.ProcessEvent Exited(in ProcessEvent head) =>
        new() { Time = TimeOf(head), Exited = new V1.ProcessExited { Pid = head.Pid } };

    private V1.ProcessEvent Started(RunningProcess process, V1.StartKind kind, Timestamp time) => new()
    {
        Sequence = kind == V1.StartKind.Running ? ++_sequence : 0,
        Time = time,
        Started = new V1.ProcessStarted
        {
            Pid = process.Pid,
            ParentPid = process.ParentPid,
            UserId = process.Image.UserId,
            UserName = process.Image.UserName,
            Path = process.Image.Path,
            Executable = process.Image.Executable,
            Kind = kind,
            ParentPath = process.Image.Parent?.Path ?? "",
            ParentExecutable = process.Image.Parent?.Executable ?? "",
        },
    };

    private Timestamp TimeOf(in ProcessEvent head) =>
        (_time.GetUtcNow() - AgeOf((long)head.TimeNs)).ToTimestamp();

    /// <summary>Since a time of CLOCK_MONOTONIC, which <see cref="TimeProvider.GetTimestamp"/> reads too.</summary>
    private TimeSpan AgeOf(long timeNs) => TimeSpan.FromTicks(
        ((_time.GetTimestamp() * (1_000_000_000 / _time.TimestampFrequency)) - timeNs) / 100);

    private void DropWaiting()
    {
        _waiting.Clear();
        _urgent.Clear();
        _snapshotDue = true;
    }

    /// <summary>With the kernel's time of an exec; 0 for anything else.</summary>
    private readonly record struct WaitingEvent(V1.ProcessEvent Event, ulong ExecutedNs);
}
