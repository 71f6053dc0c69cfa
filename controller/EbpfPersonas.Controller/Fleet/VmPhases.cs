using EbpfPersonas.Controller.Activation;

namespace EbpfPersonas.Controller.Fleet;

/// <summary>Finds a VM's phase.</summary>
internal static class VmPhases
{
    /// <summary>
    /// The phase, where <paramref name="sentGeneration"/> was sent last to the present stream (0 = nothing, or no
    /// stream).
    /// </summary>
    public static VmPhase Of(VmActor actor, long sentGeneration)
    {
        ArgumentNullException.ThrowIfNull(actor);
        var vm = actor.Vm;
        var desired = vm.Desired;
        if (actor.Conditions.Any(condition => condition.Degrades))
        {
            return VmPhase.Degraded;
        }

        if (desired.Generation == 0)
        {
            // A persona of which this controller knows nothing, for example after its store was lost: the VM keeps it
            // until something is decided.
            return vm.Realised?.Persona is null ? VmPhase.Realized : VmPhase.Pending;
        }

        if (vm.Failure?.Generation == desired.Generation)
        {
            return VmPhase.Failed;
        }

        return vm.Realised is { } realised && realised.Generation == desired.Generation
            && desired.Admits(realised.Persona, realised.Revision)
                ? VmPhase.Realized
                : sentGeneration == desired.Generation ? VmPhase.Realizing : VmPhase.Pending;
    }
}
