using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// The Persona Manager, as clients see it: which personas may become active on which VM, and what is active by hand.
/// Keeps the VMs.
/// </summary>
internal sealed class PersonaManager(IStore store, Decisions decisions, TimeProvider time) : IDisposable
{
    private readonly ConcurrentDictionary<VmKey, VmActor> _actors = new();

    // Held while a reference from a VM to a persona is made, and while a persona is written or deleted.
    private readonly SemaphoreSlim _references = new(1, 1);

    /// <summary>All VMs, by tenant and id.</summary>
    public IEnumerable<VmActor> Vms => _actors.Values.OrderBy(actor => actor.Vm.Key);

    /// <summary>The VMs of one tenant, by id.</summary>
    public IEnumerable<VmActor> VmsOf(string tenant) =>
        _actors.Values.Where(actor => actor.Vm.Key.Tenant == tenant).OrderBy(actor => actor.Vm.Key);

    /// <summary>The VM, or false where no agent of that id has ever connected.</summary>
    public bool TryFind(VmKey key, [NotNullWhen(true)] out VmActor? actor) => _actors.TryGetValue(key, out actor);

    /// <summary>Takes up what the store knows; called once, before anything else.</summary>
    public async Task StartAsync()
    {
        foreach (var vm in await store.LoadVmsAsync())
        {
            var actor = new VmActor(vm);
            await decisions.ResumeAsync(actor);
            _actors[vm.Key] = actor;
        }
    }

    /// <summary>The VM, made where it is new.</summary>
    public VmActor FindOrAdd(VmKey key)
    {
        var now = time.GetUtcNow();
        return _actors.GetOrAdd(key, _ => new VmActor(new StoredVm { Key = key, FirstSeen = now, LastContact = now }));
    }

    /// <summary>Says which personas may become active on a VM, and which one when no trigger is live.</summary>
    public async Task<VmRequestOutcome> SetBindingsAsync(
        VmKey key, IReadOnlyList<string> personas, string? defaultPersona, AuditEntry audit)
    {
        var named = personas.Select((name, index) => ($"/personas/{index}", name)).ToList();
        if (defaultPersona is not null)
        {
            named.Add(("/default", defaultPersona));
        }

        return await ReferAsync(key, named, actor => decisions.ChangeAsync(actor, async vm =>
        {
            vm = vm with { Bindings = [.. personas], Default = defaultPersona };
            await decisions.RefreshPersonasAsync(actor, vm);
            return decisions.Decide(actor, vm, new Happening("The bindings were changed")) with { Audit = audit };
        }));
    }

    /// <summary>
    /// Activates a persona by hand until <paramref name="ttl"/> is over, or until it is released; not where the VM does
    /// not put it in force any more.
    /// </summary>
    public async Task<VmRequestOutcome> PinAsync(
        VmKey key, string persona, TimeSpan? ttl, string? reason, AuditEntry audit)
    {
        string? refusal = null;
        var outcome = await ReferAsync(key, [("/persona", persona)], actor => decisions.ChangeAsync(actor, async vm =>
        {
            if (await store.FindPersonaAsync(key.Tenant, persona) is { } stored
                && vm.IsQuarantined(persona, stored.Revision))
            {
                refusal = $"Revision {stored.Revision} of {persona} is quarantined on {key.Id}: it was not confirmed " +
                    "in time again and again. Upload a new revision.";
                return null;
            }

            DateTimeOffset? expires = ttl is { } span ? time.GetUtcNow() + span : null;
            vm = vm with { Pin = new ManualPin(persona, expires), PinReason = reason };
            await decisions.RefreshPersonasAsync(actor, vm);
            var happening = new Happening(reason is null ? "Activated by hand" : $"Activated by hand ({reason})");
            return decisions.Decide(actor, vm, happening) with { Audit = audit };
        }));
        return outcome with { Refusal = refusal };
    }

    /// <summary>
    /// Ends the activation by hand, or else the hold of the strongest persona that is held; false where there is
    /// neither.
    /// </summary>
    public async Task<bool> ReleaseAsync(VmActor actor, AuditEntry audit)
    {
        var released = false;
        await decisions.ChangeAsync(actor, vm =>
        {
            var memory = vm.Pin is null ? decisions.Release(actor, vm) : null;
            released = vm.Pin is not null || memory is not null;
            vm = vm with { Pin = null, PinReason = null, Memory = memory ?? vm.Memory };
            return released
                ? decisions.Decide(actor, vm, new Happening("Deactivated by hand")) with { Audit = audit }
                : null;
        });
        return released;
    }

    /// <summary>Writes a persona by <paramref name="write"/>, during which no VM can begin to refer to one.</summary>
    public async Task<T> WritePersonaAsync<T>(Func<Task<T>> write)
    {
        await _references.WaitAsync();
        try
        {
            return await write();
        }
        finally
        {
            _references.Release();
        }
    }

    /// <summary>
    /// A persona may have a new revision: every VM that refers to it decides again. One VM's failure does not keep it
    /// from the others; the first comes out at the end, and doing it again is harmless.
    /// </summary>
    public async Task PersonaChangedAsync(LivePersona persona)
    {
        ArgumentNullException.ThrowIfNull(persona);
        var failures = new List<Exception>();
        var vms = VmsOf(persona.Stored.Tenant).Where(actor => actor.Vm.References().Contains(persona.Name));
        foreach (var actor in vms)
        {
            try
            {
                await decisions.ChangeAsync(actor, async vm =>
                {
                    await decisions.RefreshPersonasAsync(actor, vm);
                    return decisions.Decide(
                        actor, vm, new Happening($"Revision {persona.Revision} of {persona.Name} was uploaded"));
                });
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                failures.Add(failure);
            }
        }

        if (failures.Count > 0)
        {
            ExceptionDispatchInfo.Throw(failures[0]);
        }
    }

    /// <summary>Forgets a VM.</summary>
    public async Task<bool> ForgetAsync(VmKey key, AuditEntry audit)
    {
        if (!TryFind(key, out var actor))
        {
            return false;
        }

        await actor.Gate.WaitAsync();
        try
        {
            await store.DeleteVmAsync(key, audit);
            actor.IsForgotten = true;
            actor.Timer?.Dispose();
            _actors.TryRemove(key, out _);
            return true;
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
            actor.Timer?.Dispose();
        }

        _references.Dispose();
    }

    private async Task<VmRequestOutcome> ReferAsync(
        VmKey key, IReadOnlyList<(string Pointer, string Name)> personas, Func<VmActor, Task<bool>> change)
    {
        if (!TryFind(key, out var actor))
        {
            return VmRequestOutcome.NoVm;
        }

        await _references.WaitAsync();
        try
        {
            var unknown = new List<(string, string)>();
            foreach (var (pointer, name) in personas)
            {
                if (await store.FindPersonaAsync(key.Tenant, name) is null)
                {
                    unknown.Add((pointer, name));
                }
            }

            if (unknown.Count == 0 && !await change(actor))
            {
                return VmRequestOutcome.NoVm;
            }

            return new VmRequestOutcome(actor, unknown);
        }
        finally
        {
            _references.Release();
        }
    }
}
