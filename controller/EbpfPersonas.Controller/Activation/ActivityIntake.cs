using EbpfPersonas.Controller.Hosting;
using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// The Persona Manager, as agents see it: takes what VMs report, and what became of earlier decisions.
/// </summary>
internal sealed class ActivityIntake(
    PersonaManager manager, Decisions decisions, ControllerMetrics metrics, TimeProvider time)
{
    /// <summary>A VM's agent has a new stream; reports of an older one count no longer.</summary>
    public async Task ConnectAsync(string vmId, long stream, VmIdentity identity, RealisedState realised)
    {
        // A VM that is deleted at this moment begins anew.
        while (!await ConnectAsync(manager.FindOrAdd(vmId), stream, identity, realised))
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
            return new VmChange(vm with
            {
                LastContact = time.GetUtcNow(),
                AgentVersion = identity.AgentVersion,
                KernelRelease = identity.KernelRelease,
                BootId = identity.BootId,
                Capabilities = identity.Capabilities,
                Realised = realised,
                Failure = realised.Generation >= vm.Failure?.Generation ? null : vm.Failure,
            });
        });

    /// <summary>
    /// Takes a batch. A snapshot replaces what was known and is judged as a whole; other events are judged one by one.
    /// </summary>
    public async Task ReportAsync(
        string vmId, long stream, bool snapshot, IReadOnlyList<ProcessReport> reports, long eventsLost)
    {
        if (!manager.TryFind(vmId, out var actor))
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
                var live = vm.Bindings.Where(actor.Personas.ContainsKey)
                    .Select(name => actor.Processes.FindMatch(actor.Personas[name].Binding.Trigger.Conditions))
                    .OfType<VmProcess>().FirstOrDefault();
                var happening = live is null
                    ? new Happening("No process matches a trigger")
                    : Happening.Of("snapshot", live);
                vm = decisions.Evaluate(actor, vm, happening, entries);
            }
            else
            {
                foreach (var report in reports)
                {
                    vm = Apply(actor, vm, report, entries);
                }
            }

            return new VmChange(vm) { Activations = entries };
        });
    }

    /// <summary>
    /// The agent's answer to a generation: what the datapath runs now, or why it could not be applied.
    /// </summary>
    public async Task AnswerAsync(
        string vmId, long stream, long generation, RealisedState? realised, ApplyFailure? failure)
    {
        if (!manager.TryFind(vmId, out var actor))
        {
            return;
        }

        await decisions.ChangeAsync(actor, vm =>
        {
            if (actor.Stream != stream)
            {
                return null;
            }

            var answer = failure is null ? ActivationResult.Realized : ActivationResult.Failed;
            if (actor.Unanswered is { } waiting && waiting.Generation == generation)
            {
                actor.Unanswered = null;
                metrics.Answered(waiting.Cause, answer, time.GetElapsedTime(waiting.Timestamp));
            }

            return new VmChange(vm with
            {
                LastContact = time.GetUtcNow(),
                Realised = realised ?? vm.Realised,
                // A failure stays visible until something is realised after it.
                Failure = failure ?? (realised?.Generation >= vm.Failure?.Generation ? null : vm.Failure),
            })
            {
                Answer = answer,
                AnsweredGeneration = generation,
                AnsweredAt = time.GetUtcNow(),
                Error = failure is null ? null : $"{failure.Code}: {failure.Message}",
            };
        });
    }

    /// <summary>What the VM enforces changed otherwise than by a decision.</summary>
    public async Task StatusAsync(
        string vmId, long stream, RealisedState realised, IReadOnlyList<AgentCondition> conditions)
    {
        if (!manager.TryFind(vmId, out var actor))
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
            return new VmChange(vm with { LastContact = time.GetUtcNow(), Realised = realised });
        });
    }

    /// <summary>Puts a use of break glass among what the VM did, once.</summary>
    public async Task BreakGlassAsync(string vmId, BreakGlassReport use)
    {
        if (!manager.TryFind(vmId, out var actor))
        {
            return;
        }

        await decisions.ChangeAsync(actor, vm =>
        {
            if (actor.RememberBreakGlass(use.Id))
            {
                actor.Activity.Add(Activities.BreakGlass(use));
            }

            return new VmChange(vm with { LastContact = time.GetUtcNow() });
        });
    }

    /// <summary>Hands the newest decision on again, for a stream that has just become ready.</summary>
    public Task PushCurrentAsync(string vmId) =>
        manager.TryFind(vmId, out var actor) ? decisions.PushCurrentAsync(actor) : Task.CompletedTask;

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
