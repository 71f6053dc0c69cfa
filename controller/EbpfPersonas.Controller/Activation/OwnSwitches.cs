using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Json;

namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// Takes up what VMs did by themselves. Pure: gives the VM's next state and the line of history where there is one.
/// </summary>
internal static class OwnSwitches
{
    /// <summary>
    /// A VM says that it switched. What was said before, or is older than that, changes nothing; what the VM may not
    /// run any more is told all the same.
    /// </summary>
    public static (StoredVm Vm, ActivationEntry? Entry) Take(StoredVm vm, PersonaSwitch made, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(vm);
        ArgumentNullException.ThrowIfNull(made);
        if (made.Epoch <= vm.ReportedEpoch)
        {
            return (vm, null);
        }

        var persona = made.Persona is { } name ? Printable.Clean(name) : null;
        var state = new RealisedState(vm.Realised?.Generation ?? 0, made.Epoch, persona, (long)made.Revision, now);
        var cause = CauseOf(vm.Desired, made, persona);
        var (next, entry) = Switch(vm, state, cause, Tell(vm, made, persona), made.Time);
        if (made.Cause == SwitchCause.Rollback)
        {
            entry = entry with
            {
                Cause = ActivationCause.Rollback,
                Previous = made.RolledBack is { } left ? Printable.Clean(left) : entry.Previous,
                Sentence = $"{Tell(vm, made, persona).Sentence}: " +
                    $"{new Decision(persona, ActivationCause.Rollback).Sentence}.",
            };
        }

        // What the VM said it runs when it came back may be newer than what it tells of afterwards.
        return (made.Epoch > (vm.Realised?.Epoch ?? -1) ? next with { Realised = state } : next, entry);
    }

    /// <summary>
    /// The VM has said that it runs something which follows from what was decided and is not what was told last: it
    /// came into force together with a new generation, or while nobody listened. <paramref name="fallback"/> says so
    /// where no process is known that <paramref name="find"/> gives for a persona.
    /// </summary>
    public static (StoredVm Vm, ActivationEntry? Entry) Reconcile(
        StoredVm vm, Func<string, VmProcess?> find, string fallback)
    {
        ArgumentNullException.ThrowIfNull(vm);
        ArgumentNullException.ThrowIfNull(find);
        var desired = vm.Desired;
        if (vm.Realised is not { } realised || realised.Generation != desired.Generation
            || (vm.OwnSwitch is null && desired.Staged.Personas.IsEmpty)
            || !desired.Admits(realised.Persona, realised.Revision))
        {
            return (vm, null);
        }

        if ((realised.Persona, realised.Revision) == ToldLast(vm))
        {
            return (vm.OwnSwitch?.Persona == realised.Persona ? vm : vm with { OwnSwitch = null }, null);
        }

        var isFloor = realised.Persona == desired.Persona;
        var process = isFloor || realised.Persona is not { } name ? null : find(name);
        return Switch(
            vm, realised, isFloor ? desired.Cause : ActivationCause.Trigger,
            process is null ? new Happening(fallback) : Happening.Of("snapshot", process), realised.At);
    }

    private static (StoredVm Vm, ActivationEntry Entry) Switch(
        StoredVm vm, RealisedState state, ActivationCause cause, Happening happening, DateTimeOffset at)
    {
        var own = new OwnSwitch(
            state.Epoch, vm.Desired.Generation, state.Persona, state.Revision, cause,
            $"{happening.Sentence}: {new Decision(state.Persona, cause).Sentence}.", at);
        return (
            vm with { OwnSwitch = own, ReportedEpoch = Math.Max(vm.ReportedEpoch, own.Epoch) },
            new ActivationEntry
            {
                Generation = own.Generation,
                Persona = own.Persona,
                Revision = own.Revision,
                Previous = ToldLast(vm).Persona,
                Cause = cause,
                Sentence = own.Sentence,
                At = at,
                Process = happening.Process,
                Result = ActivationResult.Realized,
                ResultAt = state.At,
                Epoch = own.Epoch,
            });
    }

    /// <summary>What the newest line of the history is about, as far as it is known.</summary>
    private static (string? Persona, long Revision) ToldLast(StoredVm vm)
    {
        if (vm.OwnSwitch is { } own && own.Generation == vm.Desired.Generation)
        {
            return (own.Persona, own.Revision);
        }

        var wanted = Wanted.Of(vm);
        return (wanted.Persona, wanted.Revision);
    }

    private static ActivationCause CauseOf(DesiredState desired, PersonaSwitch made, string? persona)
    {
        if (persona is null)
        {
            return ActivationCause.None;
        }

        var begins = made.Cause is SwitchCause.TriggerBegan or SwitchCause.Cooldown;
        return !begins && persona == desired.Persona ? desired.Cause
            // A floor that was replaced meanwhile; which one it was is known no more.
            : begins || desired.Staged.RevisionOf(persona) is not null ? ActivationCause.Trigger
            : ActivationCause.Default;
    }

    private static Happening Tell(StoredVm vm, PersonaSwitch made, string? persona)
    {
        var before = ToldLast(vm).Persona ?? "the persona before";
        var verb = made.Cause == SwitchCause.TriggerBegan ? "started" : "exited";
        return made.Cause switch
        {
            SwitchCause.Linger => new Happening($"The linger of {before} is over"),
            SwitchCause.Ttl => new Happening($"The ttl of {before} is over"),
            SwitchCause.Cooldown => new Happening($"The cooldown of {persona} is over"),
            SwitchCause.Schedule => new Happening("A schedule began or ended"),
            SwitchCause.Rollback => new Happening(
                $"{(made.RolledBack is { } left ? Printable.Clean(left) : before)} was not confirmed in time"),
            _ when made.Process is { } image =>
                Happening.Of(verb, new VmProcess(made.Pid ?? 0, made.ParentPid, image, made.Time)),
            _ => new Happening(made.Cause == SwitchCause.TriggerBegan ? "A trigger began" : "A trigger ended"),
        };
    }
}
