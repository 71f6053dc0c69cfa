using EbpfPersonas.Controller.Hosting;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Activation.Stages;

namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// The Persona Manager, as agents see it: takes what VMs report, and what became of earlier decisions.
/// </summary>
internal sealed class ActivityIntake(
    PersonaManager manager, Decisions decisions, ControllerMetrics metrics, TimeProvider time,
    ILogger<ActivityIntake> log)
{
    /// <summary>A VM's agent has a new stream; reports of an older one count no longer.</summary>
    public async Task ConnectAsync(VmKey key, long stream, VmIdentity identity, RealisedState realised)
    {
        // A VM that is deleted at this moment begins anew.
        while (!await ConnectAsync(manager.FindOrAdd(key), stream, identity, realised))
        {
        }
    }

    private Task<bool> ConnectAsync(VmActor actor, long stream, VmIdentity identity, RealisedState realised) =>
        decisions.ChangeAsync(actor, vm =>
        {
            if (stream < actor.Stream)
            {
                // A newer stream of this VM was quicker.
                return null;
            }

            actor.Stream = stream;
            actor.Conditions = [];
            actor.GenerationFloor = realised.Generation;
            // Epochs begin again with the machine, and with a datapath that did not outlive its agent.
            var begunAnew = identity.BootId != vm.BootId || realised.Epoch < vm.ReportedEpoch;
            return new VmChange(vm with
            {
                LastContact = time.GetUtcNow(),
                AgentVersion = identity.AgentVersion,
                KernelRelease = identity.KernelRelease,
                BootId = identity.BootId,
                Capabilities = identity.Capabilities,
                Realised = realised,
                ReportedEpoch = begunAnew ? 0 : vm.ReportedEpoch,
                Failure = realised.Generation >= vm.Failure?.Generation ? null : vm.Failure,
            });
        });

    /// <summary>
    /// Takes a batch. A snapshot replaces what was known and is judged as a whole; other events are judged one by one.
    /// </summary>
    public async Task ReportAsync(
        VmKey key, long stream, bool snapshot, IReadOnlyList<ProcessReport> reports, long eventsLost)
    {
        if (!manager.TryFind(key, out var actor))
        {
            return;
        }

        await decisions.ChangeAsync(actor, vm =>
        {
            if (actor.Stream != stream)
            {
                return null;
            }

            actor.Activity.EventsLost = eventsLost;
            vm = vm with { LastContact = time.GetUtcNow() };
            var entries = new List<ActivationEntry>();
            if (snapshot)
            {
                actor.Processes.Replace(reports.Select(report => report.Started).OfType<VmProcess>());
                actor.ProcessesKnown = true;
                actor.Activity.Add(Activities.Snapshot(actor.Processes.Count, time.GetUtcNow()));
                var live = Evaluation.CentralOf(actor, vm).Bindings
                    .Select(binding => actor.Processes.FindMatch(binding.Trigger.Conditions))
                    .OfType<VmProcess>().FirstOrDefault();
                var happening = live is null
                    ? new Happening("No process matches a trigger")
                    : Happening.Of("snapshot", live);
                vm = decisions.Evaluate(actor, vm, happening, entries);
                vm = Reconcile(actor, vm, "The VM says what it runs", entries);
            }
            else
            {
                foreach (var report in reports)
                {
                    vm = Apply(actor, vm, report, entries);
                }
            }

            return new VmChange(vm) { Activations = entries, IsReported = true };
        });
    }

    /// <summary>
    /// The agent's answer to a generation: what the datapath runs now, or why it could not be applied.
    /// </summary>
    public async Task AnswerAsync(
        VmKey key, long stream, long generation, RealisedState? realised, ApplyFailure? failure)
    {
        if (!manager.TryFind(key, out var actor))
        {
            return;
        }

        await decisions.ChangeAsync(actor, vm =>
        {
            if (actor.Stream != stream)
            {
                return null;
            }

            vm = vm with
            {
                LastContact = time.GetUtcNow(),
                Realised = realised ?? vm.Realised,
                // A failure stays visible until something is realised after it.
                Failure = failure ?? (realised?.Generation >= vm.Failure?.Generation ? null : vm.Failure),
            };
            var entries = new List<ActivationEntry>();
            if (realised is not null)
            {
                vm = Reconcile(actor, vm, $"Generation {generation} came into force", entries);
                // An agent that is started again finds this epoch in the kernel, and tells of what made it no more.
                vm = vm with { ReportedEpoch = Math.Max(vm.ReportedEpoch, realised.Epoch) };
            }

            var answer = failure is not null ? ActivationResult.Failed
                : entries.Count > 0 ? ActivationResult.Superseded
                : ActivationResult.Realized;
            if (actor.Unanswered is { } waiting && waiting.Generation == generation)
            {
                actor.Unanswered = null;
                metrics.Of(key.Tenant).Answered(
                    waiting.Cause, answer, time.GetElapsedTime(waiting.Timestamp));
            }

            return new VmChange(vm)
            {
                Activations = entries,
                Answer = answer,
                AnsweredGeneration = generation,
                AnsweredAt = time.GetUtcNow(),
                Error = failure is null ? null : $"{failure.Code}: {failure.Message}",
                IsReported = true,
            };
        });
    }

    /// <summary>The VM switched by itself.</summary>
    public async Task SwitchedAsync(VmKey key, long stream, PersonaSwitch made)
    {
        if (!manager.TryFind(key, out var actor))
        {
            return;
        }

        await decisions.ChangeAsync(actor, vm =>
        {
            if (actor.Stream != stream)
            {
                return null;
            }

            var now = time.GetUtcNow();
            var (next, entry) = OwnSwitches.Take(vm with { LastContact = now }, made, now);
            if (entry is null)
            {
                return new VmChange(next) { IsReported = true };
            }

            Count(key, entry);
            return new VmChange(next) { Activations = [entry], IsReported = true };
        });
    }

    /// <summary>What the VM enforces changed otherwise than by a decision.</summary>
    public async Task StatusAsync(
        VmKey key, long stream, RealisedState realised, IReadOnlyList<AgentCondition> conditions,
        IReadOnlyList<Rollback> rollbacks)
    {
        if (!manager.TryFind(key, out var actor))
        {
            return;
        }

        await decisions.ChangeAsync(actor, vm =>
        {
            if (actor.Stream != stream)
            {
                return null;
            }

            actor.Conditions = [.. conditions];
            vm = vm with { LastContact = time.GetUtcNow(), Realised = realised };
            if (vm.Rollbacks.SequenceEqual(rollbacks))
            {
                return new VmChange(vm);
            }

            var (next, happening) = Rollbacks.Take(vm, rollbacks, Count);
            return happening is null ? new VmChange(next) : decisions.Decide(actor, next, happening);
        });
    }

    /// <summary>Puts a use of break glass among what the VM did, once; whether it was not there.</summary>
    public async Task<bool> BreakGlassAsync(VmKey key, BreakGlassReport use)
    {
        if (!manager.TryFind(key, out var actor))
        {
            return false;
        }

        var isNew = false;
        await decisions.ChangeAsync(actor, vm =>
        {
            isNew = actor.RememberBreakGlass(use.Id);
            if (isNew)
            {
                actor.Activity.Add(Activities.BreakGlass(use));
            }

            return new VmChange(vm with { LastContact = time.GetUtcNow() });
        });
        return isNew;
    }

    /// <summary>Hands the newest decision on again, for a stream that has just become ready.</summary>
    public Task PushCurrentAsync(VmKey key) =>
        manager.TryFind(key, out var actor) ? decisions.PushCurrentAsync(actor) : Task.CompletedTask;

    /// <summary>Takes up what the VM says it runs, where nobody told of how that came about.</summary>
    private StoredVm Reconcile(VmActor actor, StoredVm vm, string fallback, List<ActivationEntry> entries)
    {
        var (next, entry) = OwnSwitches.Reconcile(
            vm,
            name => actor.Personas.TryGetValue(name, out var persona)
                ? actor.Processes.FindMatch(persona.Binding.Trigger.Conditions)
                : null,
            fallback);
        if (entry is not null)
        {
            entries.Add(entry);
            Count(vm.Key, entry);
        }

        return next;
    }

    private void Count(VmKey key, Rollback rollback)
    {
        metrics.Of(key.Tenant).RolledBack(rollback.Reason);
        log.RolledBack(key, rollback.Persona, rollback.Revision, rollback.Reason, rollback.Count);
    }

    private void Count(VmKey key, ActivationEntry entry)
    {
        metrics.Of(key.Tenant).SwitchedByItself(entry.Cause.Word());
        log.SwitchedByItself(key, entry.Persona ?? "none", entry.Revision, entry.Epoch ?? 0, entry.Sentence);
    }

    private StoredVm Apply(VmActor actor, StoredVm vm, ProcessReport report, List<ActivationEntry> entries)
    {
        if (report.Started is { } started)
        {
            actor.Activity.Add(Activities.Started(report, started));
            return actor.Processes.Start(started)
                ? decisions.Evaluate(actor, vm, Happening.Of("started", started), entries)
                : vm;
        }

        var known = actor.Processes.Exit(report.Pid, out var exited, out var ended);
        actor.Activity.Add(Activities.Exited(report, exited));
        return known && ended
            ? decisions.Evaluate(actor, vm, Happening.Of("exited", exited! with { Time = report.Time }), entries)
            : vm;
    }
}
