using System.Collections.Immutable;
using EbpfPersonas.Controller.Hosting;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// The way of every change of a VM: decide, store, take over, hand on. Changes of one VM are made one after the other;
/// what cannot be stored is neither taken over nor handed on.
/// </summary>
internal sealed class Decisions(
    IStore store, PersonaLibrary library, IDesiredStateSink sink, ControllerMetrics metrics, SteadyClock clock,
    TimeProvider time, ILogger<Decisions> log)
{
    /// <summary>As the other, for a change that needs to wait for nothing.</summary>
    public Task<bool> ChangeAsync(VmActor actor, Func<StoredVm, VmChange?> change) =>
        ChangeAsync(actor, vm => Task.FromResult(change(vm)));

    /// <summary>
    /// Changes a VM: decide, store, and only then take over and hand on. False where the VM was deleted meanwhile, and
    /// nothing was done.
    /// </summary>
    public async Task<bool> ChangeAsync(VmActor actor, Func<StoredVm, Task<VmChange?>> change)
    {
        var happened = time.GetTimestamp();
        await actor.Gate.WaitAsync();
        var (before, personas, next) = (actor.Vm, actor.Personas, actor.Next);
        var taken = false;
        try
        {
            if (actor.IsForgotten)
            {
                return false;
            }

            if (await change(before) is not { } changed)
            {
                return true;
            }

            if (!IsOnlyContact(actor, changed))
            {
                await store.SaveVmAsync(changed with
                {
                    Before = before,
                    // That a VM has seen a generation it says itself; that it has seen the first one decides more.
                    IsReported = changed.IsReported && before.Desired.Generation > 0,
                });
                actor.ContactSaved = changed.Vm.LastContact;
            }

            actor.Vm = changed.Vm;
            taken = true;
            if (actor.Decided)
            {
                ArmTimer(actor);
            }

            if (before.Desired.Generation != changed.Vm.Desired.Generation)
            {
                await AnnounceAsync(actor, changed, happened);
            }

            if (actor.Personas != personas)
            {
                Watch(actor);
            }

            return true;
        }
        finally
        {
            if (!taken && actor.Personas != personas)
            {
                // What the change took up for a state that was not stored must not stay.
                actor.Personas = personas;
                WatchTriggers(actor, before);
            }

            actor.Next = taken ? actor.Next : next;
            actor.Decided = false;

            actor.Gate.Release();
        }
    }

    /// <summary>The time of the last contact alone is worth a write once a minute.</summary>
    private static bool IsOnlyContact(VmActor actor, VmChange changed) =>
        changed.Answer is null && changed.Activations.Count == 0 && changed.Audit is null
        && changed.Vm with { LastContact = actor.Vm.LastContact } == actor.Vm
        && changed.Vm.LastContact - actor.ContactSaved < TimeSpan.FromMinutes(1);

    /// <summary>
    /// Decides again; a line of history is added to <paramref name="entries"/> where something changes.
    /// </summary>
    public StoredVm Evaluate(VmActor actor, StoredVm vm, Happening happening, List<ActivationEntry> entries)
    {
        var (next, entry, deadline) = Evaluation.Next(actor, vm, happening, clock.Now);
        if (entry is not null)
        {
            entries.Add(entry);
        }

        (actor.Next, actor.Decided) = (deadline, true);
        return next;
    }

    /// <summary>Decides again because of one happening.</summary>
    public VmChange Decide(VmActor actor, StoredVm vm, Happening happening)
    {
        var entries = new List<ActivationEntry>();
        return new VmChange(Evaluate(actor, vm, happening, entries)) { Activations = entries };
    }

    /// <summary>
    /// Takes up the newest revisions of the personas that the VM refers to, and their triggers. Within the gate.
    /// </summary>
    public async Task RefreshPersonasAsync(VmActor actor, StoredVm vm)
    {
        var personas = ImmutableDictionary.CreateBuilder<string, LivePersona>(StringComparer.Ordinal);
        foreach (var name in vm.References())
        {
            if (await library.FindAsync(vm.Key.Tenant, name) is { } persona)
            {
                personas[name] = persona;
            }
        }

        actor.Personas = personas.ToImmutable();
        WatchTriggers(actor, vm);
    }

    /// <summary>
    /// As <see cref="ActivationPolicy.Release"/>: the memory after the hold of the strongest persona ended, or null.
    /// </summary>
    public ImmutableDictionary<string, BindingMemory>? Release(VmActor actor, StoredVm vm) =>
        ActivationPolicy.Release(Evaluation.CentralOf(actor, vm), clock.Now.SinceBoot);

    /// <summary>
    /// Takes up a VM as the store knows it, and decides what became due while no controller ran. The clock may be
    /// behind the one that the store's deadlines were made by.
    /// </summary>
    public Task ResumeAsync(VmActor actor) => ChangeAsync(actor, async vm =>
    {
        await RefreshPersonasAsync(actor, vm);
        var memory = vm.Memory.ToImmutableDictionary(
            pair => pair.Key,
            pair => actor.Personas.TryGetValue(pair.Key, out var persona)
                ? BindingLifecycle.Recall(pair.Value, persona.Binding.Lifecycle, clock.Now.SinceBoot)
                : pair.Value);
        return Decide(actor, vm with { Memory = memory }, Happening.TimePassed);
    });

    private static void WatchTriggers(VmActor actor, StoredVm vm) => actor.Processes.WatchFor(
        Evaluation.SituationOf(actor, vm).Bindings.SelectMany(binding => binding.Trigger.Conditions));

    /// <summary>Hands the newest decision on again, for a stream that has just become ready.</summary>
    public async Task PushCurrentAsync(VmActor actor)
    {
        await actor.Gate.WaitAsync();
        try
        {
            Watch(actor);
            if (actor.Vm.Desired.Generation > 0)
            {
                await PushAsync(actor);
            }
        }
        finally
        {
            actor.Gate.Release();
        }
    }

    /// <summary>The conditions of what is decided here, the strongest first.</summary>
    private void Watch(VmActor actor) => sink.Watch(
        actor.Vm.Key,
        [.. Evaluation.CentralOf(actor, actor.Vm).Bindings.Sort(Binding.Rank)
            .SelectMany(binding => binding.Trigger.Conditions).Distinct()]);

    private async Task AnnounceAsync(VmActor actor, VmChange changed, long happened)
    {
        if (actor.Unanswered is { } waiting)
        {
            metrics.Of(changed.Vm.Key.Tenant).Superseded(waiting.Cause);
        }

        // A generation that only changes what the VM may do by itself activates nothing.
        var desired = changed.Vm.Desired;
        var entry = changed.Activations.LastOrDefault(entry => entry.Generation == desired.Generation);
        actor.Unanswered = entry is null ? null : (desired.Generation, happened, entry.Cause.Word());
        log.Activated(
            changed.Vm.Key, desired.Persona ?? "none", desired.Revision, desired.Generation, desired.Sentence);
        await PushAsync(actor);
    }

    private async Task PushAsync(VmActor actor)
    {
        var desired = actor.Vm.Desired;
        var persona = desired.Persona is { } name ? await FindAsync(actor, name, desired.Revision) : null;
        var staged = new List<LivePersona>();
        foreach (var one in desired.Staged.Personas)
        {
            staged.Add(await FindAsync(actor, one));
        }

        var shadow = desired.Shadow is { } tried ? await FindAsync(actor, tried) : null;
        sink.Push(actor.Vm.Key, desired, persona?.Wire, staged, shadow?.Wire);
    }

    private async Task<LivePersona> FindAsync(VmActor actor, StagedRevision one) =>
        await FindAsync(actor, one.Persona, one.Revision)
        ?? throw new InvalidDataException($"Revision {one.Revision} of {one.Persona} is not in the store.");

    /// <summary>What was decided on is at hand; only after a restart may an older revision be wanted.</summary>
    private async Task<LivePersona?> FindAsync(VmActor actor, string name, long revision) =>
        actor.Personas.TryGetValue(name, out var live) && live.Revision == revision
            ? live
            : await library.FindRevisionAsync(actor.Vm.Key.Tenant, name, revision);

    /// <summary>
    /// Sees to it that the decision is made again when it is due. Where the time of day matters it is made each minute,
    /// because somebody may set the clock; a timer's own limit is 49 days.
    /// </summary>
    private void ArmTimer(VmActor actor, double atLeastMilliseconds = 1)
    {
        actor.Timer?.Dispose();
        actor.Timer = null;
        if (actor.Next is { } next)
        {
            var most = Evaluation.CentralOf(actor, actor.Vm).DependsOnWallClock ? 60_000 : 86_400_000;
            var due = Math.Clamp((next.At - clock.Now.SinceBoot).TotalMilliseconds, atLeastMilliseconds, most);
            actor.Timer = time.CreateTimer(
                _ => _ = DecideDueAsync(actor), null, TimeSpan.FromMilliseconds(due), Timeout.InfiniteTimeSpan);
        }
    }

    private async Task DecideDueAsync(VmActor actor)
    {
        try
        {
            await ChangeAsync(actor, vm => Decide(actor, vm, Happening.TimePassed));
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            log.DeadlineFailed(actor.Vm.Key, exception);
            ArmTimer(actor, atLeastMilliseconds: 5_000);
        }
    }
}
