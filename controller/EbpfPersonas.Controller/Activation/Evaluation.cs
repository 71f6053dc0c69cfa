using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// Applies the activation function to what is known of a VM. Pure with regard to the actor: gives the VM's next state
/// and the line of history, and leaves storing them to the caller.
/// </summary>
internal static class Evaluation
{
    /// <summary>
    /// The next state, and an entry where the active persona, its revision or the kind of cause changes.
    /// </summary>
    public static (StoredVm Vm, ActivationEntry? Entry) Next(
        VmActor actor, StoredVm vm, Happening happening, DateTimeOffset now)
    {
        vm = DropWhatEnded(actor, vm, now);
        var decision = ActivationPolicy.Decide(
            new Situation
            {
                Candidates =
                    [.. vm.Bindings.Where(actor.Personas.ContainsKey).Select(name => ToCandidate(actor, vm, name))],
                Pin = vm.Pin,
                Held = vm.Held,
                Default = vm.Default,
            },
            now);
        var desired = vm.Desired;
        var revision = decision.Persona is { } active ? actor.Personas[active].Revision : 0;
        var switches = decision.Persona != desired.Persona || revision != desired.Revision;
        var mustGrow = desired.Generation > 0 && desired.Generation < actor.GenerationFloor;
        // Before the first decision the VM keeps what it has: "none" is then no decision.
        if (!switches && !mustGrow && (decision.Cause == desired.Cause || desired.Generation == 0))
        {
            return (vm, null);
        }

        var next = new DesiredState(
            switches || mustGrow ? Math.Max(desired.Generation, actor.GenerationFloor) + 1 : desired.Generation,
            decision.Persona, revision, decision.Cause, $"{happening.Sentence}: {Describe(decision)}.", now);
        if (decision.Cause == ActivationCause.Trigger && actor.Personas[decision.Persona!].DeactivateManually
            && (switches || desired.Cause != ActivationCause.Trigger))
        {
            vm = vm with { Held = decision.Persona };
        }

        return (vm with { Desired = next }, new ActivationEntry
        {
            Generation = next.Generation,
            Persona = next.Persona,
            Revision = next.Revision,
            Previous = desired.Persona,
            Cause = next.Cause,
            Sentence = next.Sentence,
            At = now,
            Process = happening.Process,
            Result = vm.Realised?.Generation == next.Generation ? ActivationResult.Realized : ActivationResult.Pending,
        });
    }

    private static Candidate ToCandidate(VmActor actor, StoredVm vm, string name)
    {
        // Until the VM has said what runs, what was live counts as live: a restart of the controller is no event on the
        // VM.
        var live = actor.ProcessesKnown
            ? actor.Processes.IsLive(name)
            : vm.Desired.Cause == ActivationCause.Trigger && vm.Desired.Persona == name;
        return new Candidate(name, actor.Personas[name].Priority, live);
    }

    private static StoredVm DropWhatEnded(VmActor actor, StoredVm vm, DateTimeOffset now)
    {
        if (vm.Pin is { Expires: { } expires } && now >= expires)
        {
            vm = vm with { Pin = null, PinReason = null };
        }

        return vm.Held is { } held
            && (!vm.Bindings.Contains(held) || !actor.Personas.TryGetValue(held, out var persona)
                || !persona.DeactivateManually)
                ? vm with { Held = null }
                : vm;
    }

    private static string Describe(Decision decision) => decision.Cause switch
    {
        ActivationCause.Manual => $"{decision.Persona} is active because it was activated by hand",
        ActivationCause.Trigger => $"{decision.Persona} is active because of its trigger",
        ActivationCause.Default => $"{decision.Persona} is active because it is the default",
        _ => "no persona is active, everything is allowed",
    };
}
