using EbpfPersonas.Agent.Confirmation;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Wire;
using Microsoft.Extensions.Logging;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Link;

/// <summary>
/// Carries out what the controller wants, by the rules of agent_service.proto: an older generation is ignored, one that
/// is in force already is acknowledged and not applied again, and what cannot be applied or kept on disk is refused
/// with its reason while the persona before stays. Safe for several threads.
/// </summary>
internal sealed class DesiredStateApplier(
    IDataplane dataplane, StateStore store, Confirmations confirmations, string vmId, TimeProvider time,
    ILogger<DesiredStateApplier> log, Persona? standIn = null)
{
    private readonly Lock _gate = new();

    /// <summary>For one thread at the disk; who has it does not wait for the other.</summary>
    private readonly Lock _confirming = new();

    private readonly StagingMemory _staging = new();
    private string? _controllerId;
    private ulong _newest;

    /// <summary>The controller's state that was applied last; while one is held, what comes back after it.</summary>
    private V1.DesiredState? _inForce;

    private bool _confirmed;
    private string? _held;
    private bool _enforced = true;

    /// <summary>The newest state that was refused because another is held.</summary>
    private V1.DesiredState? _waiting;

    /// <summary>Raised with each switch of personas: how long it took from reading to in force.</summary>
    public event Action<TimeSpan>? Switched;

    /// <summary>Raised with an answer that no message has asked for: what waited was tried after all.</summary>
    public event Action<V1.ApplyResult>? Answered;

    /// <summary>What is enforced, as the wire says it: without filters nothing is.</summary>
    public V1.RealisedState Realised => _enforced
        ? ToWire(dataplane.Realised)
        : new V1.RealisedState { Epoch = dataplane.Realised.Epoch };

    /// <summary>
    /// What this VM ran before this agent started: the generations that come are compared with it, and unless another
    /// is held it is in force.
    /// </summary>
    public void Resume(V1.StoredState state, bool confirmed)
    {
        lock (_gate)
        {
            (_controllerId, _newest) = (state.ControllerId, state.Desired.Generation);
            (_inForce, _confirmed) = (state.Desired, confirmed);
            confirmations.Arranged(state.Desired, dataplane.Realised, confirmed);
        }
    }

    /// <summary>
    /// A controller introduced itself. Generations of another store are not comparable with those seen so far.
    /// </summary>
    public void Welcome(string controllerId)
    {
        lock (_gate)
        {
            // The welcome came through the rules that were in force when the agent said hello.
            _confirmed |= ToConfirm is { } confirmed && Keep(confirmed);
            if (confirmations.Heard())
            {
                dataplane.HoldBack(confirmations.Barred);
            }

            if (_controllerId != controllerId)
            {
                (_controllerId, _newest, _inForce, _waiting) = (controllerId, 0, null, null);
            }
        }
    }

    /// <summary>
    /// The controller has got the answer to <paramref name="generation"/>. Waits for the disk, and desired states that
    /// come meanwhile do not.
    /// </summary>
    public void Received(ulong generation)
    {
        V1.DesiredState? confirmed;
        lock (_gate)
        {
            confirmed = _inForce?.Generation == generation ? ToConfirm : null;
        }

        if (confirmed is not null && Keep(confirmed))
        {
            lock (_gate)
            {
                _confirmed |= ReferenceEquals(_inForce, confirmed);
            }
        }
    }

    /// <summary>A new connection to the controller has succeeded under what is in force.</summary>
    public void ConfirmFloor()
    {
        lock (_gate)
        {
            _confirmed |= ToConfirm is { } confirmed && Keep(confirmed);
        }
    }

    /// <summary>
    /// Where the floor is barred, puts in its place what was confirmed before it, else the VM's own persona, else none;
    /// gives what came of it. Null: it is not barred, or the operator holds something else.
    /// </summary>
    public RealisedState? StepBack()
    {
        lock (_gate)
        {
            if (_held is not null || _inForce is not { Persona: { } floor } left || !confirmations.IsBarred(floor))
            {
                return null;
            }

            var kept = store.Load()
                .Where(kept => kept.Name is StateName.Confirmed or StateName.Previous)
                .Select(kept => kept.State).OfType<V1.StoredState>()
                .Where(state => !confirmations.IsBarred(state.Desired.Persona));
            if (!kept.Any(TryReturnTo))
            {
                ReturnToStandIn(left);
            }

            var realised = dataplane.Realised;
            Log.SteppedBack(
                log, floor.Name, floor.Revision, realised.Persona ?? "none", realised.Revision, realised.Epoch);
            return realised;
        }
    }

    /// <summary>The result to send; null where <paramref name="desired"/> is older than what was seen.</summary>
    public V1.ApplyResult? Apply(V1.DesiredState desired)
    {
        ArgumentNullException.ThrowIfNull(desired);
        lock (_gate)
        {
            if (desired.Generation < _newest)
            {
                Log.GenerationIgnored(log, desired.Generation, _newest);
                return null;
            }

            _newest = desired.Generation;
            if (_held is { } sentence)
            {
                _waiting = desired;
                return Refuse(desired, "BREAK_GLASS", sentence);
            }

            return _inForce is { } inForce
                && inForce.Generation == desired.Generation
                && inForce.FloorRank == desired.FloorRank
                && Equals(inForce.Persona, desired.Persona)
                && inForce.Staged.Equals(desired.Staged)
                && Equals(inForce.Shadow, desired.Shadow)
                    ? new V1.ApplyResult { Generation = desired.Generation, Realised = Realised }
                    : Carry(desired);
        }
    }

    /// <summary>
    /// From now on every desired state is refused with <paramref name="sentence"/>, which says how to end that.
    /// <paramref name="enforced"/>: the datapath has filters.
    /// </summary>
    public void Hold(string sentence, bool enforced = true)
    {
        lock (_gate)
        {
            (_held, _enforced) = (sentence, enforced);
            confirmations.Suspend(true, dataplane.Realised);
        }
    }

    /// <summary>
    /// Puts a persona of this VM's own in force (null = none), which is nobody's generation; throws
    /// <see cref="ApplyException"/>, and then everything is as it was.
    /// </summary>
    public void ApplyLocal(Persona? persona)
    {
        lock (_gate)
        {
            dataplane.Apply(generation: 0, persona);
        }
    }

    /// <summary>
    /// Desired states are carried out again: at once the one that was refused last, else the one that was in force
    /// before; false where there is neither, and what is in force stays.
    /// </summary>
    public bool Release()
    {
        lock (_gate)
        {
            (_held, _enforced) = (null, true);
            confirmations.Suspend(false, dataplane.Realised);
            var due = _waiting ?? _inForce;
            _waiting = null;
            if (due is null)
            {
                return false;
            }

            var answer = Carry(due);
            Answered?.Invoke(answer);
            return answer.Error is null;
        }
    }

    private V1.ApplyResult Carry(V1.DesiredState desired)
    {
        try
        {
            var start = time.GetTimestamp();
            var persona = desired.Persona is { } wire ? PersonaReader.Read(wire) : null;
            var staging = _staging.Read(desired);
            if (confirmations.IsQuarantined(desired.Persona))
            {
                return Refuse(
                    desired, "QUARANTINED",
                    $"Revision {desired.Persona!.Revision} of {desired.Persona.Name} was rolled back twice here.");
            }

            confirmations.Prepare(desired.Persona);
            store.Prepare(Kept(desired));
            var realised = Switch(desired, persona, staging);
            Switched?.Invoke(time.GetElapsedTime(start));
            Log.Switched(
                log, persona?.Name ?? "none", realised.Revision, desired.Generation, realised.Epoch, desired.Cause);
            return new V1.ApplyResult { Generation = desired.Generation, Realised = ToWire(realised) };
        }
        catch (FormatException unreadable)
        {
            return Refuse(desired, "COMPILE", unreadable.Message);
        }
        catch (ApplyException refused)
        {
            return Refuse(desired, refused.Code, refused.Message);
        }
        catch (Exception full) when (full is IOException or UnauthorizedAccessException)
        {
            return Refuse(desired, "STATE", $"A restart would not find it on disk: {full.Message}");
        }
#pragma warning disable CA1031 // Whatever it is, the controller hears of it and the persona before stays.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.ApplyFaulted(log, desired.Generation, fault);
            return Refuse(desired, "INTERNAL", fault.Message);
        }
    }

    private RealisedState Switch(V1.DesiredState desired, Persona? persona, Staging staging)
    {
        RealisedState realised;
        try
        {
            realised = dataplane.Apply(desired.Generation, persona, staging);
        }
        catch
        {
            store.Drop();
            confirmations.Look(dataplane.Realised);
            throw;
        }

        (_inForce, _confirmed) = (desired, false);
        confirmations.Arranged(desired, realised);
        try
        {
            store.Promote();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.NotPromoted(log, desired.Generation, failure.Message);
        }

        return realised;
    }

    /// <summary>A state that was confirmed before; false where the datapath does not take it any more.</summary>
    private bool TryReturnTo(V1.StoredState state)
    {
        var desired = state.Desired;
        try
        {
            var persona = desired.Persona is { } wire ? PersonaReader.Read(wire) : null;
            dataplane.Apply(desired.Generation, persona, _staging.Read(desired));
        }
        catch (Exception refused) when (refused is ApplyException or FormatException)
        {
            Log.Refused(log, desired.Generation, desired.Persona?.Name ?? "none", "ROLLBACK", refused.Message);
            return false;
        }

        (_inForce, _confirmed) = (desired, true);
        confirmations.Arranged(desired, dataplane.Realised, isFloorConfirmed: true);
        try
        {
            // Also a restart is to find it, and not what it replaces.
            store.Prepare(new V1.StoredState(state) { BootId = AgentGreeting.BootId });
            store.Promote();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.NotPromoted(log, desired.Generation, failure.Message);
        }

        return true;
    }

    /// <summary>
    /// Nothing was confirmed before: this VM's own persona, or none. What the VM switches to by itself goes on.
    /// </summary>
    private void ReturnToStandIn(V1.DesiredState desired)
    {
        var staging = _staging.Read(desired);
        try
        {
            dataplane.Apply(generation: 0, standIn, staging);
        }
        catch (ApplyException refused)
        {
            Log.Refused(log, 0, standIn?.Name ?? "none", refused.Code, refused.Message);
            dataplane.Apply(generation: 0, persona: null, staging);
        }

        (_inForce, _confirmed) = (null, false);
        confirmations.Arranged(
            new V1.DesiredState { Staged = { desired.Staged }, FloorRank = desired.FloorRank }, dataplane.Realised);
    }

    /// <summary>What is in force, where it is yet to be confirmed and may be.</summary>
    private V1.DesiredState? ToConfirm =>
        _confirmed || _held is not null
        || (_inForce?.Persona is { } floor && !confirmations.IsConfirmed(floor)) ? null : _inForce;

    /// <summary>What is in force has let the controller through; whether a reboot will find it.</summary>
    private bool Keep(V1.DesiredState confirmed)
    {
        try
        {
            lock (_confirming)
            {
                store.Confirm(Kept(confirmed));
            }

            Log.Confirmed(log, confirmed.Generation);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.NotConfirmed(log, confirmed.Generation, failure.Message);
            return false;
        }
    }

    private V1.StoredState Kept(V1.DesiredState desired) => new()
    {
        VmId = vmId,
        BootId = AgentGreeting.BootId,
        ControllerId = _controllerId ?? string.Empty,
        Desired = desired,
    };

    private V1.ApplyResult Refuse(V1.DesiredState desired, string code, string message)
    {
        Log.Refused(log, desired.Generation, desired.Persona?.Name ?? "none", code, message);
        return new V1.ApplyResult
        {
            Generation = desired.Generation,
            Error = new V1.ApplyError { Code = code, Message = message },
        };
    }

    private static V1.RealisedState ToWire(RealisedState state) => new()
    {
        Generation = state.Generation,
        Epoch = state.Epoch,
        Persona = state.Persona ?? string.Empty,
        Revision = state.Revision,
    };
}
