using EbpfPersonas.Controller.Access;
using EbpfPersonas.Controller.Api.Resources;
using EbpfPersonas.Controller.Audit;

namespace EbpfPersonas.Controller.Api;

/// <summary>/audit: who changed what, and who was refused.</summary>
internal static class AuditEndpoints
{
    public static void MapAudit(this IEndpointRouteBuilder api) =>
        api.MapGet("/audit", ListAsync).WithName("ListAudit").Allows(Role.Admin).WithTags("Access")
            .WithSummary("Every write and every refusal, newest first")
            .WithDescription(
                "The records of the caller's tenant. Their hashes are links of one chain through those of all " +
                "tenants, which 'ebpf-personas-controller audit verify' follows on the controller's host.")
            .Paged().Produces<Page<AuditResource>>().Fails(400);

    private static async Task<IResult> ListAsync(Caller caller, HttpRequest request, IAudit audit)
    {
        if (!PageRequest.TryRead(request, numeric: true, out var page, out var problem))
        {
            return problem;
        }

        var records = await audit.ListAsync(caller.Tenant, page.Before, page.Limit + 1);
        return Results.Ok(page.Of(records, AuditResource.Of, record => $"{record.Sequence}"));
    }
}
