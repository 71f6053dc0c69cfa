using System.Collections.Immutable;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Stages;

namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// Applies the activation function to what is known of a VM. Pure with regard to the actor: gives the VM's next state
/// and the line of history, and leaves storing them to the caller.
/// </summary>
internal static class Evaluation
{
    /// <summary>All that is known of a VM, for the activation function.</summary>
    public static Situation SituationOf(VmActor actor, StoredVm vm) => new()
    {
        Bindings = [.. vm.Bindings.Where(actor.Personas.ContainsKey).Select(name => actor.Personas[name].Binding)],
        Pin = vm.Pin,
        Default = vm.Default,
        Audited = actor.Personas.Values.Where(persona => persona.IsAudit).Select(persona => persona.Name).ToHashSet(),
        Barred = Rollbacks.Barred(actor, vm),
        // Until the VM has said what runs, what was live counts as live: a restart of the controller is no event on
        // the VM.
        Live = actor.ProcessesKnown ? actor.Processes.Live : null,
        Memory = vm.Memory,
    };

    /// <summary>The same without what the VM decides by itself: its personas live their lives there alone.</summary>
    public static Situation CentralOf(VmActor actor, StoredVm vm)
    {
        var situation = SituationOf(actor, vm);
        return situation with { Bindings = situation.Bindings.RemoveRange(StagedOf(situation, vm)) };
    }

    /// <summary>
    /// The next state, an entry where what is wanted changes (persona, revision or the kind of cause), and when to
    /// decide again although nothing happens. A new generation where anything changes that the VM must know.
    /// </summary>
    public static (StoredVm Vm, ActivationEntry? Entry, Deadline? Next) Next(
        VmActor actor, StoredVm vm, Happening happening, Moment now)
    {
        var situation = CentralOf(actor, vm);
        var answer = ActivationPolicy.Decide(situation, now);
        var why = Deadlines.Tell(situation, answer, happening);
        vm = vm with
        {
            Memory = answer.Memory,
            Pin = answer.Pin,
            PinReason = answer.Pin is null ? null : vm.PinReason,
        };
        var (decision, desired) = (answer.Decision, vm.Desired);
        var revision = decision.Persona is { } active ? actor.Personas[active].Revision : 0;
        var staged = Stage(actor, vm, answer);
        var shadow = answer.Shadow is { } tried ? new StagedRevision(tried, actor.Personas[tried].Revision) : null;
        var switches = decision.Persona != desired.Persona || revision != desired.Revision;
        var mustGrow = desired.Generation > 0 && desired.Generation < actor.GenerationFloor;
        var grows = switches || mustGrow || staged != desired.Staged || shadow != desired.Shadow;
        // Before the first decision the VM keeps what it has: "none" is then no decision.
        if (!grows && (decision.Cause == desired.Cause || desired.Generation == 0))
        {
            return (vm, null, answer.Next);
        }

        var unless = staged.FloorRank > 0 ? ", where no staged persona is wanted" : "";
        var beside = shadow is null ? "" : $"; {shadow.Persona} is evaluated beside it";
        var isNew = switches || mustGrow || decision.Cause != desired.Cause || desired.Generation == 0;
        var next = new DesiredState(
            grows ? Math.Max(desired.Generation, actor.GenerationFloor) + 1 : desired.Generation,
            decision.Persona, revision, decision.Cause, $"{why}: {decision.Sentence}{unless}{beside}.",
            isNew ? now.Wall : desired.Since)
        {
            Staged = staged,
            Shadow = shadow,
        };
        var before = Wanted.Of(vm);
        vm = vm with { Desired = next };
        return (vm, EntryOf(vm, before, mustGrow, why, happening, now), answer.Next);
    }

    private static ActivationEntry? EntryOf(
        StoredVm vm, Wanted before, bool mustGrow, string why, Happening happening, Moment now)
    {
        var wanted = Wanted.Of(vm);
        return wanted.IsSame(before) && !mustGrow ? null : new ActivationEntry
        {
            Generation = vm.Desired.Generation,
            Persona = wanted.Persona,
            Revision = wanted.Revision,
            Previous = before.Persona,
            Cause = wanted.Cause,
            Sentence = wanted.IsStaged
                ? $"{why}: {new Decision(wanted.Persona, wanted.Cause).Sentence}."
                : vm.Desired.Sentence,
            At = now.Wall,
            Process = happening.Process,
            Result = vm.Realised?.Generation == vm.Desired.Generation
                ? ActivationResult.Realized
                : ActivationResult.Pending,
        };
    }

    private static ImmutableArray<Binding> StagedOf(Situation situation, StoredVm vm) =>
        vm.ActivatesItself ? StagePlan.Stage(situation) : [];

    private static StagedRevisions Stage(VmActor actor, StoredVm vm, Answer answer)
    {
        if (!vm.ActivatesItself)
        {
            return StagedRevisions.None;
        }

        var plan = StagePlan.Of(SituationOf(actor, vm), answer);
        return new StagedRevisions(
            [.. plan.Staged.Select(one => new StagedRevision(one.Persona, actor.Personas[one.Persona].Revision))],
            plan.FloorRank);
    }
}
