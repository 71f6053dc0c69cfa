using EbpfPersonas.Controller.Access;
using EbpfPersonas.Controller.Activation;
using EbpfPersonas.Controller.Api.Resources;
using EbpfPersonas.Controller.Fleet;
using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Api;

/// <summary>/vms/{id}/certificates: what the VM shows to be who it is.</summary>
internal static class CertificateEndpoints
{
    public static void MapCertificates(this IEndpointRouteBuilder api)
    {
        var certificates = api.MapGroup("/vms/{id}/certificates").WithTags("Access");
        certificates.MapGet("/", ListAsync).WithName("ListCertificates").Allows(Role.Viewer)
            .WithSummary("List a VM's certificates, the newest first")
            .Produces<IReadOnlyList<CertificateResource>>().Fails(404);
        certificates.MapDelete("/", DeleteAsync).WithName("RevokeCertificates").Allows(Role.Admin)
            .WithSummary("Take all of a VM's certificates back, and end its stream")
            .WithDescription(
                "The VM goes on enforcing what it has, and gets nothing new until it enrols with another token; " +
                "those that it did not use are void.")
            .Produces(204).Fails(404);
    }

    private static async Task<IResult> ListAsync(
        string id, Caller caller, PersonaManager manager, IIdentityStore store)
    {
        var found = await store.ListCertificatesAsync(caller.Vm(id));
        return found.Count == 0 && !manager.TryFind(caller.Vm(id), out _)
            ? VmEndpoints.NoVm(id)
            : Results.Ok(found.Select(CertificateResource.Of).ToArray());
    }

    private static async Task<IResult> DeleteAsync(
        string id, Caller caller, PersonaManager manager, IIdentityStore store, VmRevocation revocation)
    {
        var found = await store.ListCertificatesAsync(caller.Vm(id));
        return await revocation.RevokeAsync(caller.Vm(id), caller.Audit)
            || found.Count > 0 || manager.TryFind(caller.Vm(id), out _)
            ? Results.NoContent()
            : VmEndpoints.NoVm(id);
    }
}
