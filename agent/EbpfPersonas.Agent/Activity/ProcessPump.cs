using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane.Stages;
using EbpfPersonas.Bpf;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfPersonas.Agent.Activity;

/// <summary>
/// Empties the ring of an attached tracer every 10 ms on a thread of its own, sooner where conditions turned: only then
/// the kernel side wakes anyone. Has it looked what that means: <c>look</c> gets what turned, or default, and whether
/// to look thoroughly; what <c>isAwaited</c> knows is reported before that. Scans what runs already, after the trace is
/// on, and again after events were lost.
/// </summary>
internal sealed class ProcessPump(
    ProcessTracer tracer,
    KernelStages stages,
    ActivityFeed feed,
    Action<ProcessTurn, bool> look,
    Func<ProcessTurn, bool> isAwaited,
    ProcFiles files,
    TimeProvider time,
    ILogger<ProcessPump> log)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// At least this long between two scans, which a storm of processes could otherwise ask for at every turn.
    /// </summary>
    private static readonly TimeSpan ScanPause = TimeSpan.FromSeconds(1);

    /// <summary>What turned is told at once; this is for what was lost.</summary>
    private static readonly TimeSpan ThoroughPause = TimeSpan.FromSeconds(1);

    private long _lastTurn = time.GetTimestamp();
    private long _lastThorough;
    private ulong _lost;
    private bool _scanDue = true;
    private long _lastScan;

    /// <summary>The time since a turn went well: milliseconds, or the pump is stuck. For any thread.</summary>
    public TimeSpan SinceTurn => time.GetElapsedTime(Volatile.Read(ref _lastTurn));

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Factory.StartNew(
        () => Pump(stoppingToken), stoppingToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Pump(CancellationToken stopping)
    {
        do
        {
            try
            {
                Turn();
                Volatile.Write(ref _lastTurn, time.GetTimestamp());
            }
            catch (Exception failure) when (failure is BpfException or InvalidOperationException or IOException)
            {
                // What was read with it may be lost.
                _scanDue = true;
                Log.PumpFailed(log, failure);
                stopping.WaitHandle.WaitOne(Interval);
            }
        }
        while (!stopping.IsCancellationRequested);
    }

    private void Turn()
    {
        feed.Add(tracer.Drain(Interval));
        foreach (var turn in tracer.Turns.Where(isAwaited))
        {
            feed.Hurry(turn.Pid);
        }

        foreach (var turn in tracer.Turns)
        {
            look(turn, false);
        }

        var thorough = time.GetElapsedTime(_lastThorough) >= ThoroughPause;
        look(default, thorough);
        _lastThorough = thorough ? time.GetTimestamp() : _lastThorough;
        var lost = tracer.ReadLost();
        if (lost != _lost)
        {
            Log.EventsLost(log, lost - _lost, lost);
            _lost = lost;
            _scanDue = true;
            feed.SetLost(lost);
        }

        if (_scanDue && (_lastScan == 0 || time.GetElapsedTime(_lastScan) >= ScanPause))
        {
            _scanDue = false;
            _lastScan = time.GetTimestamp();
            Scan();
        }
    }

    /// <summary>
    /// The ring was emptied before: an event that is older than what the scan reads could otherwise undo it. What
    /// happens meanwhile waits in the ring and comes after. A process is remembered before it is read, so its exit is
    /// either seen by the reading or reported.
    /// </summary>
    private void Scan()
    {
        var found = new List<RunningProcess>();
        foreach (var pid in ProcFiles.Pids().Where(files.InNamespace))
        {
            var remembered = stages.Remember(pid) is not null;
            if (remembered && files.Read(pid) is { } process)
            {
                found.Add(process);
            }
            else if (remembered)
            {
                stages.ForgetProcess(pid);
            }
        }

        feed.Replace(found);
        Log.Scanned(log, found.Count);
    }
}
