using EbpfPersonas.Controller.Activation;
using EbpfPersonas.Controller.Fleet;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>What a VM runs, what it should run, and what stands between the two.</summary>
/// <param name="Id">The VM.</param>
/// <param name="Connected">Whether its agent has a stream at this moment.</param>
/// <param name="LastContact">When its agent was heard of last.</param>
/// <param name="Phase">Pending, Realizing, Realized, Failed or Degraded.</param>
/// <param name="ActivePersona">What its datapath said it runs; null for none, and before the first contact.</param>
/// <param name="ActiveRevision">Its revision.</param>
/// <param name="DesiredPersona">What was decided, or what the VM put in force by itself as it was decided that it may;
/// null for none.</param>
/// <param name="DesiredRevision">Its revision.</param>
/// <param name="DesiredGeneration">The number of the decision; 0 before the first, while the VM keeps what it
/// has.</param>
/// <param name="RealisedGeneration">The decision that the datapath runs; 0 where it is none of this
/// controller's.</param>
/// <param name="Epoch">The datapath's count of switches.</param>
/// <param name="Cause">manual, trigger, default or none.</param>
/// <param name="Reason">Why, as a sentence.</param>
/// <param name="Since">When it was decided, or when the VM put it in force by itself.</param>
/// <param name="Pin">The activation by hand, if there is one.</param>
/// <param name="Held">The strongest persona that stays until it is deactivated by hand, if there is one.</param>
/// <param name="Staging">What the VM puts in force by itself; null where the controller decides on all.</param>
/// <param name="Shadow">The persona in audit mode that the VM evaluates beside the active one, and only counts; null
/// for none.</param>
/// <param name="Lifecycle">Why the desired persona is active, and until when, as far as that is known.</param>
/// <param name="Bound">Where each bound persona stands, the strongest first.</param>
/// <param name="Rollbacks">What the VM left again because it was not confirmed in time, the newest last.</param>
/// <param name="LastError">The last NACK, until something was realised after it.</param>
/// <param name="Capabilities">What the VM can enforce.</param>
/// <param name="Conditions">What one should know.</param>
internal sealed record VmStatus(
    string Id, bool Connected, DateTimeOffset LastContact, VmPhase Phase, string? ActivePersona, long? ActiveRevision,
    string? DesiredPersona,
    long? DesiredRevision, long DesiredGeneration, long RealisedGeneration, long Epoch, string Cause, string Reason,
    DateTimeOffset? Since,
    VmStatus.PinState? Pin, string? Held, StagingStatus? Staging, VmStatus.ShadowState? Shadow,
    LifecycleStatus Lifecycle, IReadOnlyList<BoundStatus> Bound, IReadOnlyList<RollbackStatus> Rollbacks,
    VmStatus.Error? LastError, IReadOnlyList<string> Capabilities,
    IReadOnlyList<Condition> Conditions)
{
    /// <summary>Of a VM whose newest certificate is <paramref name="certificate"/>, if it has one.</summary>
    public static VmStatus Of(
        VmActor actor, LivePersona? desired, StoredCertificate? certificate, bool connected, long sentGeneration,
        Moment now)
    {
        ArgumentNullException.ThrowIfNull(actor);
        var vm = actor.Vm;
        var wanted = Wanted.Of(vm);
        var bound = BoundStatus.Of(Evaluation.SituationOf(actor, vm), vm.Desired.Staged, wanted, now);
        return new VmStatus(
            vm.Key.Id, connected, vm.LastContact, VmPhases.Of(actor, sentGeneration),
            vm.Realised?.Persona,
            vm.Realised?.Persona is null ? null : vm.Realised.Revision,
            wanted.Persona,
            wanted.Persona is null ? null : wanted.Revision,
            vm.Desired.Generation,
            vm.Realised?.Generation ?? 0,
            vm.Realised?.Epoch ?? 0,
            wanted.Cause.Word(),
            wanted.Sentence,
            vm.Desired.Generation == 0 ? null : wanted.Since,
            vm.Pin is { } pin ? new PinState(pin.Persona, pin.Expires, vm.PinReason) : null,
            bound.FirstOrDefault(persona => persona.State == "held")?.Persona,
            StagingStatus.Of(vm),
            vm.Desired.Shadow is { } shadow ? new ShadowState(shadow.Persona, shadow.Revision) : null,
            LifecycleStatus.Of(vm, wanted, bound),
            bound,
            [.. vm.Rollbacks.Select(RollbackStatus.Of)],
            vm.Failure is { } failure ? new Error(failure.Generation, failure.Code, failure.Message, failure.At) : null,
            vm.Capabilities,
            [.. Describe(actor, desired, connected), .. Condition.OfCertificate(certificate, now.Wall)]);
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
            yield return new Condition(
                "APPLY_FAILED", failure.Code,
                $"Generation {failure.Generation} could not be applied: {failure.Message}");
        }

        foreach (var one in vm.Rollbacks)
        {
            yield return new Condition(
                one.IsQuarantined ? "QUARANTINED" : "ROLLED_BACK", one.Persona,
                $"Revision {one.Revision} was left again because it was not confirmed in time ({one.Reason})" +
                (one.IsQuarantined ? $", {one.Count} times: it is put in force no more." : "."));
        }

        foreach (var condition in actor.Conditions)
        {
            yield return new Condition(condition.Type, "agent", condition.Message);
        }

        if (!actor.ProcessesKnown)
        {
            yield return new Condition(
                "PROCESSES_UNKNOWN", "processes", "The VM has not said what runs on it since this controller started.");
        }

        if (actor.Activity.EventsLost > 0)
        {
            yield return new Condition(
                "EVENTS_LOST", "processes",
                $"{actor.Activity.EventsLost} events were lost on the VM since its agent started.");
        }

        if (actor.Processes.HasIgnored)
        {
            yield return new Condition(
                "TOO_MANY_PROCESSES", "processes",
                $"The VM has more than {ProcessTable.Max} processes; triggers see no more of them.");
        }

        foreach (var condition in Condition.NotEnforced(desired?.Validated.Warnings ?? []))
        {
            yield return condition;
        }
    }

    /// <summary>An activation by hand.</summary>
    internal sealed record PinState(string Persona, DateTimeOffset? Expires, string? Reason);

    /// <summary>A persona that is evaluated.</summary>
    internal sealed record ShadowState(string Persona, long Revision);

    /// <summary>A NACK.</summary>
    internal sealed record Error(long Generation, string Code, string Message, DateTimeOffset At);
}
