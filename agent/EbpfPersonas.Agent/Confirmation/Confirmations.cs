using System.Collections.Immutable;
using EbpfPersonas.Agent.Dataplane;
using Microsoft.Extensions.Logging;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Confirmation;

/// <summary>
/// Knows which persona has to be confirmed and until when, which were, and which were not; all of it also on disk, so
/// that it does not matter when the agent is killed. Calls nobody while it holds its lock. Safe for several threads.
/// </summary>
internal sealed class Confirmations(
    string stateDirectory, string vmId, string bootId, Func<TimeSpan> sinceBoot, TimeProvider time,
    ILogger<Confirmations> log)
{
    private readonly Lock _gate = new();
    private readonly ConfirmationFile _file = new(stateDirectory, vmId, bootId);
    private readonly long[] _counts = new long[Enum.GetValues<RollbackReason>().Length];
    private volatile ConfirmationMemory _memory = ConfirmationMemory.Empty;
    private ConfirmationMemory _onDisk = ConfirmationMemory.Empty;
    private ImmutableDictionary<PersonaRevision, TimeSpan> _timeouts =
        ImmutableDictionary<PersonaRevision, TimeSpan>.Empty;

    private PersonaRevision? _floor;
    private bool _suspended;

    /// <summary>Raised when another persona has to be confirmed, or none.</summary>
    public event Action? WaitsChanged;

    /// <summary>Raised when there is something new to tell of <see cref="Rollbacks"/>.</summary>
    public event Action? RollbacksChanged;

    /// <summary>The persona in force, where it has to be confirmed; else null.</summary>
    public WaitingPersona? Waits => _memory.Waits;

    /// <summary>The persona that <see cref="Open"/> found not to have been confirmed in time; null = none.</summary>
    public PersonaRevision? RolledBackAtStart { get; private set; }

    /// <summary>What is not to be put in force.</summary>
    public ImmutableHashSet<PersonaRevision> Barred => _memory.Barred;

    /// <summary>What was not confirmed and may matter still, as the wire says it.</summary>
    public IEnumerable<V1.Rollback> Rollbacks => _memory.Rollbacks.Select(ConfirmationMemory.ToWire);

    /// <summary>Rollbacks since this agent started, by reason.</summary>
    public IEnumerable<(string Reason, long Count)> Counts => Enum.GetValues<RollbackReason>()
        .Select(reason => (reason.Word(), Interlocked.Read(ref _counts[(int)reason])));

    /// <summary>Whether <paramref name="persona"/> is not to be put in force.</summary>
    public bool IsBarred(V1.Persona? persona) =>
        persona is not null && (_memory.RollbackOf(Of(persona))?.IsBarred ?? false);

    /// <summary>Whether <paramref name="persona"/> is not to be put in force whoever says so.</summary>
    public bool IsQuarantined(V1.Persona? persona) =>
        persona is not null && (_memory.RollbackOf(Of(persona))?.IsQuarantined ?? false);

    /// <summary>Whether <paramref name="floor"/> needs no confirmation, or has it.</summary>
    public bool IsConfirmed(V1.Persona floor)
    {
        ArgumentNullException.ThrowIfNull(floor);
        return !floor.HasConfirmTimeoutMs || _memory.Confirmed.Contains(Of(floor));
    }

    /// <summary>
    /// Takes up what an agent before has left; <paramref name="found"/> is what the datapath runs. What should have
    /// been confirmed meanwhile, or before the machine was booted again, was not.
    /// </summary>
    public void Open(RealisedState found)
    {
        ArgumentNullException.ThrowIfNull(found);
        lock (_gate)
        {
            var (memory, isThisBoot) = Load();
            var waits = memory.Waits;
            memory = memory with { Waits = null, Confirmed = isThisBoot ? memory.Confirmed : [] };
            RollbackReason? reason = null;
            if (waits is not null && !isThisBoot)
            {
                reason = RollbackReason.Reboot;
            }
            else if (waits?.Deadline <= sinceBoot())
            {
                // A datapath that went on without the agent knows whether it was left in time.
                reason = found.Epoch == 0 || waits.Persona == Of(found) ? RollbackReason.AgentRestart : null;
            }
            else
            {
                memory = memory with { Waits = waits };
            }

            _memory = reason is { } why ? Count(memory, waits!.Persona, why) : memory;
            TryWrite(durable: reason is not null);
            RolledBackAtStart = reason is null ? null : waits!.Persona;
        }
    }

    /// <summary>
    /// Before <paramref name="floor"/> is put in force: were the agent to die from here on, its deadline is known.
    /// Throws <see cref="IOException"/>, and then it must not be.
    /// </summary>
    public void Prepare(V1.Persona? floor)
    {
        lock (_gate)
        {
            if (floor is { HasConfirmTimeoutMs: true } && !IsConfirmed(floor) && _memory.Waits?.Persona != Of(floor))
            {
                Write(_memory with { Waits = Waiting(Of(floor), TimeoutOf(floor)) }, durable: true);
            }
        }
    }

    /// <summary>
    /// From now on the VM follows <paramref name="desired"/> (null = a persona of its own), and
    /// <paramref name="realised"/> is what came of it. A later revision of what was rolled back ends that.
    /// </summary>
    public void Arranged(V1.DesiredState? desired, RealisedState realised, bool isFloorConfirmed = false)
    {
        lock (_gate)
        {
            var personas = desired is null ? [] : desired.Staged.Select(one => one.Persona)
                .Append(desired.Persona).OfType<V1.Persona>().DistinctBy(Of).ToArray();
            _floor = desired?.Persona is { } floor ? Of(floor) : null;
            _timeouts = personas.Where(persona => persona.HasConfirmTimeoutMs)
                .ToImmutableDictionary(Of, TimeoutOf);
            var memory = _memory with
            {
                Confirmed = isFloorConfirmed && _floor is { } confirmed
                    ? _memory.Confirmed.Add(confirmed)
                    : _memory.Confirmed,
                Rollbacks = _memory.Rollbacks.RemoveAll(one => personas.Any(
                    persona => persona.Name == one.Persona.Persona && persona.Revision > one.Persona.Revision)),
            };

            // Mostly nothing of it is new, and then the disk has it.
            if (memory != _memory)
            {
                _memory = memory;
            }

            LookAt(realised);
        }

        WaitsChanged?.Invoke();
    }

    /// <summary>The VM switched by itself, or did not switch after all.</summary>
    public void Look(RealisedState realised)
    {
        lock (_gate)
        {
            LookAt(realised);
        }

        WaitsChanged?.Invoke();
    }

    /// <summary>The operator holds something else in force, or lets go of it.</summary>
    public void Suspend(bool suspended, RealisedState realised)
    {
        lock (_gate)
        {
            _suspended = suspended;
            LookAt(realised);
        }

        WaitsChanged?.Invoke();
    }

    /// <summary>
    /// A new connection has succeeded under <paramref name="waits"/>; false where that has changed meanwhile.
    /// </summary>
    public bool Confirm(WaitingPersona waits)
    {
        ArgumentNullException.ThrowIfNull(waits);
        lock (_gate)
        {
            if (_memory.Waits != waits)
            {
                return false;
            }

            _memory = _memory with { Waits = null, Confirmed = _memory.Confirmed.Add(waits.Persona) };
            TryWrite(durable: false);
            return true;
        }
    }

    /// <summary>
    /// <paramref name="waits"/> was not confirmed in time, and is barred from now on; false where it need not be any
    /// more.
    /// </summary>
    public bool RollBack(WaitingPersona waits)
    {
        ArgumentNullException.ThrowIfNull(waits);
        lock (_gate)
        {
            if (_memory.Waits != waits)
            {
                return false;
            }

            _memory = Count(_memory, waits.Persona, RollbackReason.Timeout);
            TryWrite(durable: true);
        }

        RollbacksChanged?.Invoke();
        return true;
    }

    /// <summary>A controller was heard: what was rolled back once may be tried again. Whether there is any.</summary>
    public bool Heard()
    {
        lock (_gate)
        {
            if (!_memory.Rollbacks.Any(one => one.HeldBack))
            {
                return false;
            }

            _memory = _memory with { Rollbacks = [.. _memory.Rollbacks.Select(one => one with { HeldBack = false })] };
            TryWrite(durable: false);
            return true;
        }
    }

    private static PersonaRevision Of(V1.Persona persona) => new(persona.Name, persona.Revision);

    private static PersonaRevision? Of(RealisedState realised) =>
        realised.Persona is { } name ? new PersonaRevision(name, realised.Revision) : null;

    private static TimeSpan TimeoutOf(V1.Persona persona) =>
        TimeSpan.FromMilliseconds((long)persona.ConfirmTimeoutMs);

    private void LookAt(RealisedState realised)
    {
        var inForce = _suspended ? null : Of(realised);
        var confirmed = _memory.Confirmed;
        if (confirmed.Any(one => one != inForce && one != _floor))
        {
            confirmed = [.. confirmed.Where(one => one == inForce || one == _floor)];
        }

        var waits = inForce is not { } persona || confirmed.Contains(persona)
            || !_timeouts.TryGetValue(persona, out var timeout) ? null
            : _memory.Waits?.Persona == persona ? _memory.Waits
            : Waiting(persona, timeout);
        if (waits != _memory.Waits || confirmed != _memory.Confirmed)
        {
            _memory = _memory with { Waits = waits, Confirmed = confirmed };
        }

        TryWrite(durable: false);
    }

    private WaitingPersona Waiting(PersonaRevision persona, TimeSpan timeout) =>
        new(persona, timeout, sinceBoot() + timeout);

    private ConfirmationMemory Count(ConfirmationMemory memory, PersonaRevision persona, RollbackReason reason)
    {
        var next = memory.With(persona, reason, time.GetUtcNow());
        Interlocked.Increment(ref _counts[(int)reason]);
        Log.NotConfirmedInTime(
            log, persona.Persona, persona.Revision, reason.Word(), next.RollbackOf(persona)!.Count, RolledBack.Most);
        return next;
    }

    private (ConfirmationMemory Memory, bool IsThisBoot) Load()
    {
        var (memory, isThisBoot, fault) = _file.Load();
        if (fault is not null)
        {
            Log.StateUnusable(log, fault);
        }

        _onDisk = memory ?? _onDisk;
        return (memory ?? ConfirmationMemory.Empty, isThisBoot);
    }

    /// <summary>Where the disk takes nothing the memory is right, until the agent ends.</summary>
    private void TryWrite(bool durable)
    {
        if (ReferenceEquals(_memory, _onDisk))
        {
            return;
        }

        try
        {
            Write(_memory, durable);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.ConfirmationNotKept(log, failure.Message);
        }
    }

    private void Write(ConfirmationMemory memory, bool durable)
    {
        _file.Write(memory, durable);
        _onDisk = memory;
    }
}
