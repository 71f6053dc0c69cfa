using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using EbpfPersonas.Controller.Hosting;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// The Persona Manager: takes what VMs and clients do, decides which persona is active on each VM, records why, and hands the decision on.
/// Decisions of one VM are made one after the other; each is stored before it is handed on.
/// </summary>
internal sealed class PersonaManager(
    IStore store, PersonaLibrary library, IDesiredStateSink sink, ControllerMetrics metrics, TimeProvider time, ILogger<PersonaManager> log)
    : IDisposable
{
    private readonly ConcurrentDictionary<string, VmActor> _actors = new(StringComparer.Ordinal);
    private readonly PersonaReferences _references = new(store);

    /// <summary>All VMs, by id.</summary>
    public IEnumerable<VmActor> Vms => _actors.Values.OrderBy(actor => actor.Vm.Id, StringComparer.Ordinal);

    public bool TryFind(string vmId, [NotNullWhen(true)] out VmActor? actor) => _actors.TryGetValue(vmId, out actor);

    /// <summary>Takes up what the store knows; called once, before anything else.</summary>
    public async Task StartAsync()
    {
        foreach (var vm in await store.LoadVmsAsync())
        {
            var actor = new VmActor(vm);
            await RefreshPersonasAsync(actor, vm);
            _actors[vm.Id] = actor;
            ArmPinTimer(actor);
        }
    }

    /// <summary>A VM's agent has a new stream; reports of an older one count no longer.</summary>
    public async Task ConnectAsync(string vmId, long stream, VmIdentity identity, RealisedState realised)
    {
        var now = time.GetUtcNow();
        var actor = _actors.GetOrAdd(vmId, id => new VmActor(new StoredVm { Id = id, FirstSeen = now, LastContact = now }));
        await ChangeAsync(actor, vm =>
        {
            actor.Stream = stream;
            actor.GenerationFloor = realised.Generation;
            return new VmChange(vm with
            {
                LastContact = now,
                AgentVersion = identity.AgentVersion,
                KernelRelease = identity.KernelRelease,
                BootId = identity.BootId,
                Capabilities = identity.Capabilities,
                Realised = realised,
            });
        });
    }

    /// <summary>Takes a batch. A snapshot replaces what was known and is judged as a whole; other events are judged one by one.</summary>
    public async Task ReportAsync(string vmId, long stream, bool snapshot, IReadOnlyList<ProcessReport> reports, long eventsLost)
    {
        if (!TryFind(vmId, out var actor))
        {
            return;
        }

        await ChangeAsync(actor, vm =>
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
                var live = vm.Bindings.Select(actor.Processes.FindMatch).OfType<VmProcess>().FirstOrDefault();
                vm = Evaluate(actor, vm, live is null ? new Happening("No process matches a trigger") : Happening.Of("snapshot", live), entries);
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

    /// <summary>The agent's answer to a generation: what the datapath runs now, or why it could not be applied.</summary>
    public async Task AnswerAsync(string vmId, long stream, long generation, RealisedState? realised, ApplyFailure? failure)
    {
        if (!TryFind(vmId, out var actor))
        {
            return;
        }

        await ChangeAsync(actor, vm =>
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
                Failure = failure ?? (realised?.Generation > vm.Failure?.Generation ? null : vm.Failure),
            })
            {
                Answer = answer,
                AnsweredGeneration = generation,
                AnsweredAt = time.GetUtcNow(),
                Error = failure is null ? null : $"{failure.Code}: {failure.Message}",
            };
        });
    }

    /// <summary>Says which personas may become active on a VM, and which one when no trigger is live.</summary>
    public async Task<VmRequestOutcome> SetBindingsAsync(string vmId, IReadOnlyList<string> personas, string? defaultPersona)
    {
        var named = personas.Select((name, index) => ($"/personas/{index}", name)).ToList();
        if (defaultPersona is not null)
        {
            named.Add(("/default", defaultPersona));
        }

        return await ReferAsync(vmId, named, actor => ChangeAsync(actor, async vm =>
        {
            vm = vm with { Bindings = [.. personas], Default = defaultPersona };
            await RefreshPersonasAsync(actor, vm);
            return Decide(actor, vm, new Happening("The bindings were changed"));
        }));
    }

    /// <summary>Activates a persona by hand until <paramref name="ttl"/> is over, or until it is released.</summary>
    public Task<VmRequestOutcome> PinAsync(string vmId, string persona, TimeSpan? ttl, string? reason) =>
        ReferAsync(vmId, [("/persona", persona)], actor => ChangeAsync(actor, async vm =>
        {
            vm = vm with { Pin = new ManualPin(persona, ttl is { } span ? time.GetUtcNow() + span : null), PinReason = reason };
            await RefreshPersonasAsync(actor, vm);
            return Decide(actor, vm, new Happening(reason is null ? "Activated by hand" : $"Activated by hand ({reason})"));
        }));

    /// <summary>Ends the activation by hand, or else the hold of a persona that is deactivated by hand; false where there is neither.</summary>
    public async Task<bool> ReleaseAsync(VmActor actor)
    {
        var released = false;
        await ChangeAsync(actor, vm =>
        {
            released = vm.Pin is not null || vm.Held is not null;
            vm = vm.Pin is not null ? vm with { Pin = null, PinReason = null } : vm with { Held = null };
            return released ? Decide(actor, vm, new Happening("Deactivated by hand")) : null;
        });
        return released;
    }

    /// <summary>Writes a persona by <paramref name="write"/>, during which no VM can begin to refer to one.</summary>
    public Task<T> WritePersonaAsync<T>(Func<Task<T>> write) => _references.WriteAsync(write);

    /// <summary>A persona has a new revision: every VM that refers to it decides again.</summary>
    public async Task PersonaChangedAsync(LivePersona persona)
    {
        ArgumentNullException.ThrowIfNull(persona);
        foreach (var actor in Vms.Where(actor => References(actor.Vm).Contains(persona.Name)))
        {
            await ChangeAsync(actor, async vm =>
            {
                await RefreshPersonasAsync(actor, vm);
                return Decide(actor, vm, new Happening($"Revision {persona.Revision} of {persona.Name} was uploaded"));
            });
        }
    }

    /// <summary>Forgets a VM.</summary>
    public async Task ForgetAsync(string vmId)
    {
        if (_actors.TryRemove(vmId, out var actor))
        {
            await actor.Gate.WaitAsync();
            actor.PinTimer?.Dispose();
            await store.DeleteVmAsync(vmId);
            actor.Gate.Release();
        }
    }

    /// <summary>Hands the newest decision on again, for a stream that has just become ready.</summary>
    public async Task PushCurrentAsync(string vmId)
    {
        if (!TryFind(vmId, out var actor))
        {
            return;
        }

        await actor.Gate.WaitAsync();
        try
        {
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

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var actor in _actors.Values)
        {
            actor.PinTimer?.Dispose();
        }

        _references.Dispose();
    }

    private static ImmutableHashSet<string> References(StoredVm vm) =>
        [.. vm.Bindings, .. new[] { vm.Default, vm.Held, vm.Pin?.Persona }.OfType<string>()];

    private StoredVm Apply(VmActor actor, StoredVm vm, ProcessReport report, List<ActivationEntry> entries)
    {
        if (report.Started is { } started)
        {
            actor.Activity.Add(Activities.Started(report, started));
            return actor.Processes.Start(started) ? Evaluate(actor, vm, Happening.Of("started", started), entries) : vm;
        }

        var known = actor.Processes.Exit(report.Pid, out var exited, out var endedTrigger);
        actor.Activity.Add(Activities.Exited(report, exited));
        return known && endedTrigger
            ? Evaluate(actor, vm, Happening.Of("exited", exited! with { Time = report.Time }), entries)
            : vm;
    }

    private StoredVm Evaluate(VmActor actor, StoredVm vm, Happening happening, List<ActivationEntry> entries)
    {
        var (next, entry) = Evaluation.Next(actor, vm, happening, time.GetUtcNow());
        if (entry is not null)
        {
            entries.Add(entry);
        }

        return next;
    }

    private VmChange Decide(VmActor actor, StoredVm vm, Happening happening)
    {
        var entries = new List<ActivationEntry>();
        return new VmChange(Evaluate(actor, vm, happening, entries)) { Activations = entries };
    }

    private async Task<VmRequestOutcome> ReferAsync(
        string vmId, IReadOnlyList<(string Pointer, string Name)> personas, Func<VmActor, Task> change) => TryFind(vmId, out var actor)
            ? new VmRequestOutcome(actor, await _references.ReferAsync(personas, () => change(actor)))
            : VmRequestOutcome.NoVm;

    private Task ChangeAsync(VmActor actor, Func<StoredVm, VmChange?> change) =>
        ChangeAsync(actor, vm => Task.FromResult(change(vm)));

    /// <summary>Changes a VM: decide, store, and only then take over and hand on.</summary>
    private async Task ChangeAsync(VmActor actor, Func<StoredVm, Task<VmChange?>> change)
    {
        await actor.Gate.WaitAsync();
        try
        {
            var happened = time.GetTimestamp();
            var before = actor.Vm;
            if (await change(before) is not { } changed)
            {
                return;
            }

            if (!IsOnlyContact(before, changed))
            {
                await store.SaveVmAsync(changed);
            }

            actor.Vm = changed.Vm;
            if (before.Pin != changed.Vm.Pin)
            {
                ArmPinTimer(actor);
            }

            if (before.Desired.Generation != changed.Vm.Desired.Generation)
            {
                await AnnounceAsync(actor, changed.Vm, happened);
            }
        }
        finally
        {
            actor.Gate.Release();
        }
    }

    /// <summary>The time of the last contact alone is worth a write once a minute.</summary>
    private static bool IsOnlyContact(StoredVm before, VmChange changed) =>
        changed.Answer is null && changed.Activations.Count == 0
        && changed.Vm with { LastContact = before.LastContact } == before
        && changed.Vm.LastContact - before.LastContact < TimeSpan.FromMinutes(1);

    private async Task AnnounceAsync(VmActor actor, StoredVm vm, long happened)
    {
        if (actor.Unanswered is { } waiting)
        {
            metrics.Superseded(waiting.Cause);
        }

        actor.Unanswered = (vm.Desired.Generation, happened, vm.Desired.Cause.Word());
        log.Activated(vm.Id, vm.Desired.Persona ?? "none", vm.Desired.Revision, vm.Desired.Generation, vm.Desired.Sentence);
        await PushAsync(actor);
    }

    private async Task PushAsync(VmActor actor)
    {
        var desired = actor.Vm.Desired;
        var persona = desired.Persona is { } name ? await library.FindRevisionAsync(name, desired.Revision) : null;
        sink.Push(actor.Vm.Id, desired, persona?.Wire);
    }

    private async Task RefreshPersonasAsync(VmActor actor, StoredVm vm)
    {
        var personas = ImmutableDictionary.CreateBuilder<string, LivePersona>(StringComparer.Ordinal);
        foreach (var name in References(vm))
        {
            if (await library.FindAsync(name) is { } persona)
            {
                personas[name] = persona;
            }
        }

        actor.Personas = personas.ToImmutable();
        actor.Processes.WatchFor(vm.Bindings.Where(actor.Personas.ContainsKey).Select(name => (name, actor.Personas[name].Trigger)));
    }

    private void ArmPinTimer(VmActor actor, double atLeastMilliseconds = 0)
    {
        actor.PinTimer?.Dispose();
        actor.PinTimer = null;
        if (actor.Vm.Pin?.Expires is { } expires)
        {
            // A timer's limit is 49 days; after a day the callback finds the pin still standing and arms the next stretch.
            var due = Math.Clamp((expires - time.GetUtcNow()).TotalMilliseconds, atLeastMilliseconds, 86_400_000);
            actor.PinTimer = time.CreateTimer(
                _ => _ = ExpireAsync(actor), null, TimeSpan.FromMilliseconds(due), Timeout.InfiniteTimeSpan);
        }
    }

    private async Task ExpireAsync(VmActor actor)
    {
        try
        {
            await ChangeAsync(actor, vm =>
            {
                if (vm.Pin?.Expires is not { } expires || time.GetUtcNow() < expires)
                {
                    ArmPinTimer(actor, atLeastMilliseconds: 1);
                    return null;
                }

                return Decide(actor, vm, new Happening("The activation by hand expired"));
            });
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            log.PinExpiryFailed(actor.Vm.Id, exception);
            ArmPinTimer(actor, atLeastMilliseconds: 5_000);
        }
    }
}
