using EbpfPersonas.Agent.Activation;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Wire;
using Microsoft.Extensions.Logging;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Link;

/// <summary>
/// What the VM did by itself, for the controller. The last ones are kept, for what was written to a stream that broke may
/// not have arrived; what is in force at the begin of the next the Hello says. Safe for several threads.
/// </summary>
internal sealed class SwitchReports(ActivityFeed feed, ILogger<SwitchReports> log)
{
    /// <summary>The most that are kept; older ones are forgotten.</summary>
    public const int Max = 256;

    private readonly Lock _gate = new();
    private readonly Queue<V1.SwitchReport> _kept = new();
    private Action<V1.SwitchReport>? _listener;

    /// <summary>
    /// Tells <paramref name="listener"/> of the last ones, in order, and of each that comes, until it is replaced; the
    /// controller knows by their epochs which of them it has.
    /// </summary>
    public void Listen(Action<V1.SwitchReport>? listener)
    {
        lock (_gate)
        {
            _listener = listener;
            foreach (var report in _kept)
            {
                listener?.Invoke(report);
            }
        }
    }

    /// <summary>The VM switched.</summary>
    public void Take(SwitchedByItself switched)
    {
        ArgumentNullException.ThrowIfNull(switched);
        var realised = switched.Realised;
        Log.SwitchedByItself(
            log, realised.Persona ?? "none", realised.Revision, realised.Epoch, switched.Cause, switched.Pid ?? 0);
        Report(SwitchReportWriter.Write(new PersonaSwitch(
            realised.Epoch,
            realised.Persona,
            realised.Revision,
            switched.Cause,
            switched.Pid,
            switched.Pid is { } pid ? feed.Find(pid) : null,
            switched.Time)
        {
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
