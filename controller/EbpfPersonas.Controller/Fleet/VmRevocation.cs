using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Fleet;

/// <summary>Takes a VM's certificates back, and with them its stream.</summary>
internal sealed class VmRevocation(IIdentityStore store, AgentFleet fleet, TimeProvider time)
{
    /// <summary>
    /// Takes the certificates of a VM and its enrolment tokens, whether it ever connected or not; false where none of
    /// them was good.
    /// </summary>
    public async Task<bool> RevokeAsync(VmKey vm, AuditEntry? audit)
    {
        var taken = await store.RevokeCertificatesAsync(vm, time.GetUtcNow(), audit);
        // After the store: a stream that begins meanwhile looks there once it can be found here.
        await fleet.EndAsync(vm, StreamEnd.Revoked);
        return taken > 0;
    }
}
