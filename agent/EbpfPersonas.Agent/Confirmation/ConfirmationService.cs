using EbpfPersonas.Agent.Activation;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Personas.Activation.Stages;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfPersonas.Agent.Confirmation;

/// <summary>
/// Tries to confirm what has to be, until it succeeds or the time is over: then the VM returns to what was there
/// before, and looks for its controller from there.
/// </summary>
internal sealed class ConfirmationService(
    Confirmations confirmations,
    IDataplane dataplane,
    DesiredStateApplier applier,
    SwitchReports switches,
    Ask ask,
    Action reconnect,
    Func<TimeSpan> sinceBoot,
    TimeProvider time,
    ILogger<ConfirmationService> log) : BackgroundService
{
    /// <summary>From one attempt to the next, at least; else a twentieth of the time that there is.</summary>
    private static readonly TimeSpan IntervalMin = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan IntervalMax = TimeSpan.FromSeconds(30);

    /// <summary>The boot clock goes on while the machine is suspended, and waiting does not.</summary>
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(1);

    /// <summary>How long one attempt may take; else a third of the time that there is.</summary>
    private static readonly TimeSpan LimitMin = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan LimitMax = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _changed = new(0);
    private (WaitingPersona? For, TimeSpan At) _next;

    /// <summary>What was not confirmed and is still to be left; null where nothing is.</summary>
    private PersonaRevision? _leaving;

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        confirmations.WaitsChanged += Wake;
        if (confirmations.RolledBackAtStart is { } left)
        {
            Tell(dataplane.Realised, left);
        }

        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        confirmations.WaitsChanged -= Wake;
        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _changed.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = Timeout.InfiniteTimeSpan;
            if (_leaving is { } left)
            {
                pause = TryLeave(left);
            }
            else if (confirmations.Waits is { } waits)
            {
                pause = await TryAsync(waits, stoppingToken);
            }

            Task changed = _changed.WaitAsync(pause, stoppingToken);
            await changed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>How long to wait before the next time.</summary>
    private async Task<TimeSpan> TryAsync(WaitingPersona waits, CancellationToken cancellation)
    {
        var now = sinceBoot();
        var left = waits.Deadline - now;
        try
        {
            if (left <= TimeSpan.Zero)
            {
                _leaving = waits.Persona;
                _leaving = confirmations.RollBack(waits) ? _leaving : null;
                return TimeSpan.Zero;
            }

            if (_next.For != waits || _next.At <= now)
            {
                _next = (waits, now + Min(Max(waits.Timeout / 20, IntervalMin), IntervalMax));
                if (await IsLetThroughAsync(waits, left, cancellation) && confirmations.Confirm(waits))
                {
                    Log.PersonaConfirmed(log, waits.Persona.Persona, waits.Persona.Revision, waits.Timeout - left);
                    applier.ConfirmFloor();
                    return TimeSpan.Zero;
                }
            }
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            return TimeSpan.Zero;
        }
        // Whatever it is, the deadline holds.
#pragma warning disable CA1031
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.ConfirmationFaulted(log, fault);
        }

        var pause = Min(_next.At, waits.Deadline) - sinceBoot();
        return Max(Min(pause, PauseMax), TimeSpan.FromMilliseconds(10));
    }

    /// <summary>Whether the same was in force before the connection was begun and after the answer came.</summary>
    private async Task<bool> IsLetThroughAsync(
        WaitingPersona waits, TimeSpan left, CancellationToken cancellation)
    {
        var before = dataplane.Realised;
        if (before.Persona != waits.Persona.Persona || before.Revision != waits.Persona.Revision)
        {
            return false;
        }

        var limit = Min(Min(Max(waits.Timeout / 3, LimitMin), LimitMax), left);
        if (await ask(before, limit, cancellation) is { } reason)
        {
            Log.NotReached(log, waits.Persona.Persona, waits.Persona.Revision, reason);
            return false;
        }

        return dataplane.Realised == before && sinceBoot() < waits.Deadline;
    }

    /// <summary>
    /// Returns to what was there before; how long to wait before the next time. Whatever goes wrong, it is tried until
    /// it is done: nobody else leads the VM out.
    /// </summary>
    private TimeSpan TryLeave(PersonaRevision left)
    {
        try
        {
            // A staged one is a candidate no more, which the activation tells of; the floor is replaced.
            dataplane.HoldBack(confirmations.Barred);
            if (applier.StepBack() is { } realised)
            {
                Tell(realised, left);
            }

            _leaving = null;
            reconnect();
            return TimeSpan.Zero;
        }
#pragma warning disable CA1031 // Whatever it is, it is told, and the next time comes.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.ConfirmationFaulted(log, fault);
            return PauseMax;
        }
    }

    private void Tell(RealisedState realised, PersonaRevision left) =>
        switches.Take(new SwitchedByItself(realised, SwitchCause.Rollback, null, time.GetUtcNow())
        {
            RolledBack = left.Persona,
        });

    private void Wake()
    {
        if (_changed.CurrentCount == 0)
        {
            _changed.Release();
        }
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
