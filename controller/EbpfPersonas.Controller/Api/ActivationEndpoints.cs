using EbpfPersonas.Controller.Access;
using EbpfPersonas.Controller.Activation;
using EbpfPersonas.Controller.Api.Resources;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Reading;

namespace EbpfPersonas.Controller.Api;

/// <summary>/vms/{id}/activations.</summary>
internal static class ActivationEndpoints
{
    public static void MapActivations(this IEndpointRouteBuilder api)
    {
        var activations = api.MapGroup("/vms/{id}/activations").WithTags("Activations");
        activations.MapPost("/", PostAsync).WithName("Activate").Allows(Role.Operator)
            .WithSummary("Activate a persona by hand")
            .Accepts<ActivationRequest>("application/json").Produces<VmStatus>(201)
            .Fails(400, 404, 409, 413, 415, 422);
        activations.MapDelete("/current", DeleteAsync).WithName("Deactivate").Allows(Role.Operator)
            .WithSummary("End the activation by hand, or the hold of a persona whose deactivate_when is manual")
            .Produces<VmStatus>().Fails(404, 409);
        activations.MapGet("/", ListAsync).WithName("ListActivations").Allows(Role.Viewer)
            .WithSummary("What became active and why, newest first").Paged()
            .Produces<Page<ActivationResource>>().Fails(400, 404);
    }

    private static async Task<IResult> PostAsync(
        string id, Caller caller, HttpRequest request, PersonaManager manager, VmStatusReader statuses)
    {
        var (body, problem) = await RequestBody.ReadAsync(request);
        if (problem is not null)
        {
            return problem;
        }

        if (!manager.TryFind(caller.Vm(id), out _))
        {
            return VmEndpoints.NoVm(id);
        }

        var findings = new Findings();
        var (persona, ttl, reason) = Read(body, findings);
        if (findings.HasErrors)
        {
            return Problem.Invalid(findings.Errors);
        }

        var outcome = await manager.PinAsync(caller.Vm(id), persona!, ttl, reason, caller.Audit);
        return VmEndpoints.UnknownPersonas(outcome) is { } unknown ? unknown
            : outcome.Refusal is { } refusal ? Problem.Conflict(refusal)
            : outcome.Actor is { } actor
                ? Results.Created($"/api/v1/vms/{id}/status", await statuses.ReadAsync(actor))
                : VmEndpoints.NoVm(id);
    }

    private static async Task<IResult> DeleteAsync(
        string id, Caller caller, PersonaManager manager, VmStatusReader statuses)
    {
        if (!manager.TryFind(caller.Vm(id), out var actor))
        {
            return VmEndpoints.NoVm(id);
        }

        if (await manager.ReleaseAsync(actor, caller.Audit))
        {
            return Results.Ok(await statuses.ReadAsync(actor));
        }

        var wanted = Wanted.Of(actor.Vm);
        return wanted.Persona is { } persona
            ? Problem.Conflict(
                $"{persona} is active by its {wanted.Cause.Word()}, not by hand. Activate another " +
                "persona, or change the bindings.")
            : Problem.NotFound($"No persona is active on {id}.");
    }

    private static async Task<IResult> ListAsync(
        string id, Caller caller, HttpRequest request, PersonaManager manager, IStore store)
    {
        if (!manager.TryFind(caller.Vm(id), out _))
        {
            return VmEndpoints.NoVm(id);
        }

        if (!PageRequest.TryRead(request, numeric: true, out var page, out var problem))
        {
            return problem;
        }

        var entries = await store.ListActivationsAsync(caller.Vm(id), page.Before, page.Limit + 1);
        return Results.Ok(page.Of(entries, ActivationResource.Of, entry => $"{entry.Id}"));
    }

    private static (string? Persona, TimeSpan? Ttl, string? Reason) Read(ReadOnlyMemory<byte> body, Findings findings)
    {
        var root = JsonBody.Open(body, findings, out var document);
        using (document)
        {
            return root?.Object("persona", "ttl", "reason") is { } members
                ? (
                    members.Require("persona")?.Text(),
                    members["ttl"] is { } ttl ? LifecycleReader.ReadTtl(ttl) : null,
                    members["reason"]?.Text(1024))
                : default;
        }
    }
}
