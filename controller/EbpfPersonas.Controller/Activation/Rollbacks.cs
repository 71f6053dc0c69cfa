using System.Collections.Immutable;
using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Activation;

/// <summary>Takes up which personas VMs left again because they were not confirmed in time.</summary>
internal static class Rollbacks
{
    /// <summary>
    /// The VM with what it says now, and why to decide anew, where something is quarantined or no more so; else null.
    /// Each rollback of which nothing was heard before goes to <paramref name="count"/>.
    /// </summary>
    public static (StoredVm Vm, Happening? Happening) Take(
        StoredVm vm, IReadOnlyList<Rollback> rollbacks, Action<VmKey, Rollback> count)
    {
        ArgumentNullException.ThrowIfNull(vm);
        ArgumentNullException.ThrowIfNull(rollbacks);
        ArgumentNullException.ThrowIfNull(count);
        Happening? happening = null;
        foreach (var one in rollbacks)
        {
            var before = vm.Rollbacks.FirstOrDefault(
                other => (other.Persona, other.Revision) == (one.Persona, one.Revision));
            if (one.Count > (before?.Count ?? 0))
            {
                count(vm.Key, one);
            }

            if (one.IsQuarantined && before?.IsQuarantined != true)
            {
                happening = new Happening(
                    $"Revision {one.Revision} of {one.Persona} was not confirmed {one.Count} times and is quarantined");
            }
        }

        if (happening is null && vm.Rollbacks.Any(one => one.IsQuarantined && !rollbacks.Contains(one)))
        {
            happening = new Happening("The VM ended a quarantine");
        }

        return (vm with { Rollbacks = [.. rollbacks] }, happening);
    }

    /// <summary>The personas that the VM does not put in force in the revision that they have now.</summary>
    public static ImmutableHashSet<string> Barred(VmActor actor, StoredVm vm)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentNullException.ThrowIfNull(vm);
        return
        [
            .. vm.Rollbacks
                .Where(one => one.IsQuarantined
                    && actor.Personas.TryGetValue(one.Persona, out var persona) && persona.Revision == one.Revision)
                .Select(one => one.Persona),
        ];
    }
}
