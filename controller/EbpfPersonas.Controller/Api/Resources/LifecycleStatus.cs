using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>Why the desired persona is active, and until when.</summary>
/// <param name="State">pinned (by hand), live (its trigger holds), lingering (its trigger ended), held (until it is
/// deactivated by hand), default or none.</param>
/// <param name="Since">When a live, lingering or held persona began to compete, which may be before it became
/// active.</param>
/// <param name="Until">When it ends by itself at the latest; null where no time is set.</param>
/// <param name="Ends">What is over then: pin, linger, ttl or schedule.</param>
internal sealed record LifecycleStatus(string State, DateTimeOffset? Since, DateTimeOffset? Until, string? Ends)
{
    public static LifecycleStatus Of(StoredVm vm, IReadOnlyList<BoundStatus> bound)
    {
        var own = bound.FirstOrDefault(persona => persona.Persona == vm.Desired.Persona);
        return vm.Desired.Cause switch
        {
            ActivationCause.Manual => new LifecycleStatus(
                "pinned", null, vm.Pin?.Expires, vm.Pin?.Expires is null ? null : "pin"),
            ActivationCause.Trigger when own is not null =>
                new LifecycleStatus(own.State, own.Since, own.Until, own.Ends),
            ActivationCause.Default => new LifecycleStatus("default", null, null, null),
            _ => new LifecycleStatus("none", null, null, null),
        };
    }
}
