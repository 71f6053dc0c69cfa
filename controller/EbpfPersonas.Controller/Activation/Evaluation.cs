using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// Applies the activation function to what is known of a VM. Pure with regard to the actor: gives the VM's next state
/// and the line of history, and leaves storing them to the caller.
/// </summary>
internal static class Evaluation
{
    /// <summary>What is known of a VM, for the activation function.</summary>
    public static Situation SituationOf(VmActor actor, StoredVm vm) => new()
    {
        Bindings = [.. vm.Bindings.Where(actor.Personas.ContainsKey).Select(name => actor.Personas[name].Binding)],
        Pin = vm.Pin,
        Default = vm.Default,
        // Until the VM has said what runs, what was live counts as live: a restart of the controller is no event on
        // the VM.
        Live = actor.ProcessesKnown ? actor.Processes.Live : null,
        Memory = vm.Memory,
    };

    /// <summary>
    /// The next state, an entry where the active persona, its revision or the kind of cause changes, and when to decide
    /// again although nothing happens.
    /// </summary>
    public static (StoredVm Vm, ActivationEntry? Entry, Deadline? Next) Next(
        VmActor actor, StoredVm vm, Happening happening, Moment now)
    {
        var situation = SituationOf(actor, vm);
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
        var switches = decision.Persona != desired.Persona || revision != desired.Revision;
        var mustGrow = desired.Generation > 0 && desired.Generation < actor.GenerationFloor;
        // Before the first decision the VM keeps what it has: "none" is then no decision.
        if (!switches && !mustGrow && (decision.Cause == desired.Cause || desired.Generation == 0))
        {
            return (vm, null, answer.Next);
        }

        var next = new DesiredState(
            switches || mustGrow ? Math.Max(desired.Generation, actor.GenerationFloor) + 1 : desired.Generation,
            decision.Persona, revision, decision.Cause, $"{why}: {decision.Sentence}.", now.Wall);
        return (vm with { Desired = next }, new ActivationEntry
        {
            Generation = next.Generation,
            Persona = next.Persona,
            Revision = next.Revision,
            Previous = desired.Persona,
            Cause = next.Cause,
            Sentence = next.Sentence,
            At = now.Wall,
            Process = happening.Process,
            Result = vm.Realised?.Generation == next.Generation ? ActivationResult.Realized : ActivationResult.Pending,
        }, answer.Next);
    }
}
