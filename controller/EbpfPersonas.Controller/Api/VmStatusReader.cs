using EbpfPersonas.Controller.Activation;
using EbpfPersonas.Controller.Api.Resources;
using EbpfPersonas.Controller.Fleet;
using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Api;

/// <summary>Puts together what is known of a VM, for the endpoints that answer with it.</summary>
internal sealed class VmStatusReader(
    AgentFleet fleet, PersonaLibrary library, IIdentityStore identities, SteadyClock clock)
{
    /// <summary>The VM's status at one moment.</summary>
    public async Task<VmStatus> ReadAsync(VmActor actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        await actor.Gate.WaitAsync();
        try
        {
            var key = actor.Vm.Key;
            var wanted = Wanted.Of(actor.Vm);
            var persona = wanted.Persona is { } name
                ? await library.FindRevisionAsync(key.Tenant, name, wanted.Revision)
                : null;
            var certificates = await identities.ListCertificatesAsync(key);
            return VmStatus.Of(
                actor, persona, certificates.Count > 0 ? certificates[0] : null, fleet.IsConnected(key),
                fleet.SentGeneration(key), clock.Now);
        }
        finally
        {
            actor.Gate.Release();
        }
    }
}
