using EbpfPersonas.Controller.Access;
using EbpfPersonas.Controller.Api.Resources;
using EbpfPersonas.Controller.Identity;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Identity;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Reading;

namespace EbpfPersonas.Controller.Api;

/// <summary>/enrolment-tokens: which VMs may come in.</summary>
internal static class EnrolmentTokenEndpoints
{
    private static readonly TimeSpan DefaultTtl = TimeSpan.FromHours(1);
    private static readonly TimeSpan MaxTtl = TimeSpan.FromDays(30);

    public static void MapEnrolmentTokens(this IEndpointRouteBuilder api)
    {
        var tokens = api.MapGroup("/enrolment-tokens").WithTags("Access");
        tokens.MapPost("/", PostAsync).WithName("CreateEnrolmentToken").Allows(Role.Admin)
            .WithSummary("Make a token that lets one VM enrol, once; the answer is the only one that shows it")
            .WithDescription(
                "The token also says by which authority the VM knows this controller. A VM that has certificates " +
                "already may enrol anew; they stay good.")
            .Accepts<EnrolmentTokenRequest>("application/json").Produces<EnrolmentTokenResource>(201)
            .Fails(400, 413, 415, 422);
        tokens.MapGet("/", ListAsync).WithName("ListEnrolmentTokens").Allows(Role.Admin)
            .WithSummary("List the tenant's enrolment tokens, without what is secret about them").Paged()
            .Produces<Page<EnrolmentTokenResource>>().Fails(400);
        tokens.MapDelete("/{id}", DeleteAsync).WithName("DeleteEnrolmentToken").Allows(Role.Admin)
            .WithSummary("Make an enrolment token useless at once; whoever enrolled with it stays").Produces(204)
            .Fails(404);
    }

    private static async Task<IResult> PostAsync(
        Caller caller, HttpRequest request, HttpResponse response, EnrolmentTokens tokens)
    {
        var (body, problem) = await RequestBody.ReadAsync(request);
        if (problem is not null)
        {
            return problem;
        }

        var findings = new Findings();
        var (vm, ttl) = Read(body, findings);
        if (findings.HasErrors)
        {
            return Problem.Invalid(findings.Errors);
        }

        var (token, stored) = await tokens.CreateAsync(
            caller.Vm(vm!), ttl ?? DefaultTtl, caller.Actor, caller.Audit);
        response.Headers.CacheControl = "no-store";
        return Results.Created($"/api/v1/enrolment-tokens/{stored.Id}", EnrolmentTokenResource.Of(stored, token));
    }

    private static async Task<IResult> ListAsync(Caller caller, HttpRequest request, IIdentityStore store)
    {
        if (!PageRequest.TryRead(request, numeric: false, out var page, out var problem))
        {
            return problem;
        }

        var found = await store.ListTokensAsync(caller.Tenant, page.Cursor, page.Limit + 1);
        return Results.Ok(page.Of(found, EnrolmentTokenResource.Of, token => token.Id));
    }

    private static async Task<IResult> DeleteAsync(string id, Caller caller, IIdentityStore store) =>
        await store.DeleteTokenAsync(caller.Tenant, id, caller.Audit)
            ? Results.NoContent()
            : Problem.NotFound($"There is no enrolment token {Printable.Quote(id)}.");

    private static (string? Vm, TimeSpan? Ttl) Read(ReadOnlyMemory<byte> body, Findings findings)
    {
        var root = JsonBody.Open(body, findings, out var document);
        using (document)
        {
            return root?.Object("vm_id", "ttl") is { } members
                ? (
                    members.Require("vm_id") is { } vm ? ReadVm(vm) : null,
                    members["ttl"] is { } ttl ? ReadTtl(ttl) : null)
                : default;
        }
    }

    private static string? ReadVm(Field field)
    {
        if (field.Text() is not { } text || SpiffeId.IsVmId(text))
        {
            return field.Text();
        }

        field.Error(
            FindingCode.BadName,
            $"{Printable.Quote(text)} is no VM's id: {SpiffeId.VmIdForm}.");
        return null;
    }

    private static TimeSpan? ReadTtl(Field field)
    {
        var ttl = LifecycleReader.ReadTtl(field);
        if (ttl > MaxTtl)
        {
            field.Error(FindingCode.OutOfRange, "At most 30d: a token that lies about is one that is found.");
        }

        return ttl;
    }
}
