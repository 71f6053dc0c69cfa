using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Fleet;

/// <summary>Takes a VM's certificates back, and with them its stream.</summary>
internal sealed class VmRevocation(IIdentityStore store, AgentFleet fleet, TimeProvider time)
{
    /// <summary>Gives how many certificates were good until now.</summary>
    public async Task<int> RevokeAsync(VmKey vm, AuditEntry? audit)
    {
        var revoked = await store.RevokeCertificatesAsync(vm, time.GetUtcNow(), audit);
        // After the store: a stream that begins meanwhile looks there once it can be found here.
        await fleet.EndAsync(vm, StreamEnd.Revoked);
        return revoked;
    }
}
