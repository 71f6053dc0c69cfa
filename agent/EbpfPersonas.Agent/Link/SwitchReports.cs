using EbpfPersonas.Agent.Activation;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Wire;
using Microsoft.Extensions.Logging;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Link;

/// <summary>
/// What the VM did by itself, for the controller. The last ones are kept until it says that it has them: what a stream
/// took with it when it broke the next one tells again. Safe for several threads.
/// </summary>
internal sealed class SwitchReports(ActivityFeed feed, ILogger<SwitchReports> log)
{
    /// <summary>The most that are kept; older ones are forgotten.</summary>
    public const int Max = 256;

    private readonly Lock _gate = new();
    private readonly Queue<V1.SwitchReport> _kept = new();
    private Action<V1.SwitchReport>? _listener;

    /// <summary>
    /// From now on tells a stream, of which there is one, and first what has not arrived yet, in order.
    /// </summary>
    public void Follow(Action<V1.SwitchReport> listener)
    {
        ArgumentNullException.ThrowIfNull(listener);
        lock (_gate)
        {
            foreach (var report in _kept)
            {
                listener(report);
            }

            _listener = listener;
        }
    }

    /// <summary>That stream is over.</summary>
    public void Unfollow(Action<V1.SwitchReport> listener)
    {
        lock (_gate)
        {
            _listener = _listener == listener ? null : _listener;
        }
    }

    /// <summary>The controller has the report of this epoch, and those before.</summary>
    public void Delivered(uint epoch)
    {
        lock (_gate)
        {
            if (_kept.Any(report => report.Epoch == epoch))
            {
                while (_kept.Dequeue().Epoch != epoch)
                {
                }
            }
        }
    }

    /// <summary>The VM switched.</summary>
    public void Take(SwitchedByItself switched)
    {
        ArgumentNullException.ThrowIfNull(switched);
        var realised = switched.Realised;
        var process = switched.Pid is { } pid ? feed.Find(pid) : null;
        Log.SwitchedByItself(
            log, realised.Persona ?? "none", realised.Revision, realised.Epoch, switched.Cause, switched.Pid ?? 0);
        Report(SwitchReportWriter.Write(new PersonaSwitch(
            realised.Epoch,
            realised.Persona,
            realised.Revision,
            switched.Cause,
            switched.Pid,
            process?.Image,
            switched.Time)
        {
            ParentPid = process?.ParentPid ?? 0,
            RolledBack = switched.RolledBack,
        }));
    }

    private void Report(V1.SwitchReport report)
    {
        lock (_gate)
        {
            if (_kept.Count == Max)
            {
                _kept.Dequeue();
            }

            _kept.Enqueue(report);
            _listener?.Invoke(report);
        }
    }
}
