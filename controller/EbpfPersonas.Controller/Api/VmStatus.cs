using EbpfPersonas.Controller.Activation;
using EbpfPersonas.Controller.Fleet;

namespace EbpfPersonas.Controller.Api;

/// <summary>What a VM runs, what it should run, and what stands between the two.</summary>
/// <param name="Id">The VM.</param>
/// <param name="Connected">Whether its agent has a stream at this moment.</param>
/// <param name="LastContact">When its agent was heard of last.</param>
/// <param name="Phase">Pending, Realizing, Realized or Failed.</param>
/// <param name="Active">What its datapath said it runs; null before the first contact.</param>
/// <param name="Desired">What was decided, and why.</param>
/// <param name="Pin">The activation by hand, if there is one.</param>
/// <param name="Held">The persona that stays until it is deactivated by hand, if there is one.</param>
/// <param name="LastError">The last NACK, until something was realised after it.</param>
/// <param name="Capabilities">What the VM can enforce.</param>
/// <param name="Conditions">What one should know.</param>
internal sealed record VmStatus(
    string Id, bool Connected, DateTimeOffset LastContact, VmPhase Phase, VmStatus.ActiveState? Active, VmStatus.DesiredPersona Desired,
    VmStatus.PinState? Pin, string? Held, VmStatus.Error? LastError, IReadOnlyList<string> Capabilities, IReadOnlyList<Condition> Conditions)
{
    public static VmStatus Of(VmActor actor, LivePersona? desired, bool connected, long sentGeneration)
    {
        ArgumentNullException.ThrowIfNull(actor);
        var vm = actor.Vm;
        return new VmStatus(
            vm.Id, connected, vm.LastContact, VmPhases.Of(vm, sentGeneration),
            vm.Realised is { } run ? new ActiveState(run.Persona, run.Persona is null ? null : run.Revision, run.Generation, run.Epoch, run.At) : null,
            new DesiredPersona(
                vm.Desired.Persona, vm.Desired.Persona is null ? null : vm.Desired.Revision, vm.Desired.Generation, vm.Desired.Cause.Word(),
                vm.Desired.Sentence, vm.Desired.Since),
            vm.Pin is { } pin ? new PinState(pin.Persona, pin.Expires, vm.PinReason) : null,
            vm.Held,
            vm.Failure is { } failure ? new Error(failure.Generation, failure.Code, failure.Message, failure.At) : null,
            vm.Capabilities,
            [.. Describe(actor, desired, connected)]);
    }

    private static IEnumerable<Condition> Describe(VmActor actor, LivePersona? desired, bool connected)
    {
        var vm = actor.Vm;
        if (!connected)
        {
            yield return new Condition("DISCONNECTED", "agent", "The agent has no stream. The VM keeps what it runs.");
        }

        if (vm.Failure is { } failure)
        {
            yield return new Condition("APPLY_FAILED", failure.Code, $"Generation {failure.Generation} could not be applied: {failure.Message}");
        }

        if (!actor.ProcessesKnown)
        {
            yield return new Condition("PROCESSES_UNKNOWN", "processes", "The VM has not said what runs on it since this controller started.");
        }

        if (actor.Activity.EventsLost > 0)
        {
            yield return new Condition("EVENTS_LOST", "processes", $"{actor.Activity.EventsLost} events were lost on the VM since its agent started.");
        }

        foreach (var condition in Condition.NotEnforced(desired?.Validated.Warnings ?? []))
        {
            yield return condition;
        }
    }

    /// <summary>What the datapath runs.</summary>
    internal sealed record ActiveState(string? Persona, long? Revision, long Generation, long Epoch, DateTimeOffset At);

    /// <summary>What was decided: cause is manual, trigger, default or none.</summary>
    internal sealed record DesiredPersona(
        string? Persona, long? Revision, long Generation, string Cause, string Reason, DateTimeOffset Since);

    /// <summary>An activation by hand.</summary>
    internal sealed record PinState(string Persona, DateTimeOffset? Expires, string? Reason);

    /// <summary>A NACK.</summary>
    internal sealed record Error(long Generation, string Code, string Message, DateTimeOffset At);
}
