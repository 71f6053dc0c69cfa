using EbpfPersonas.Agent.Activation;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Wire;
using Microsoft.Extensions.Logging;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Link;

/// <summary>
/// What the VM did by itself, for the controller. The last ones are kept while there is no stream: what is in force at
/// its begin the Hello says. Safe for several threads.
/// </summary>
internal sealed class SwitchReports(ActivityFeed feed, ILogger<SwitchReports> log)
{
    /// <summary>The most that are kept; older ones are forgotten.</summary>
    public const int Max = 256;

    private readonly Lock _gate = new();
    private readonly Queue<V1.SwitchReport> _missed = new();


    /// <summary>Raised where a stream listens.</summary>
    public event Action<V1.SwitchReport>? Reported;

    /// <summary>Those that no stream was there for, in order; they are forgotten with this.</summary>
    public IReadOnlyList<V1.SwitchReport> Missed()
    {
        lock (_gate)
        {
            V1.SwitchReport[] missed = [.. _missed];
            _missed.Clear();
            return missed;
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
            switched.Time)));
    }

    private void Report(V1.SwitchReport report)
    {
        lock (_gate)
        {
            if (Reported is { } listener)
            {
                listener(report);
                return;
            }

            if (_missed.Count == Max)
            {
                _missed.Dequeue();
            }

            _missed.Enqueue(report);
        }
    }
}
