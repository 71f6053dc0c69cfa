using EbpfPersonas.Controller.Access;
using EbpfPersonas.Controller.Api.Resources;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Reading;

namespace EbpfPersonas.Controller.Api;

/// <summary>/tokens: the callers of the tenant.</summary>
internal static class TokenEndpoints
{
    public static void MapTokens(this IEndpointRouteBuilder api)
    {
        var tokens = api.MapGroup("/tokens").WithTags("Access");
        tokens.MapPost("/", PostAsync).WithName("CreateToken").Allows(Role.Admin)
            .WithSummary("Make a token for a caller; the answer is the only one that shows it")
            .Accepts<TokenRequest>("application/json").Produces<TokenResource>(201).Fails(400, 413, 415, 422);
        tokens.MapGet("/", ListAsync).WithName("ListTokens").Allows(Role.Admin)
            .WithSummary("List the tenant's tokens, without what is secret about them").Paged()
            .Produces<Page<TokenResource>>().Fails(400);
        tokens.MapDelete("/{id}", DeleteAsync).WithName("DeleteToken").Allows(Role.Admin)
            .WithSummary("Make a token useless at once").Produces(204).Fails(404);
    }

    private static async Task<IResult> PostAsync(
        Caller caller, HttpRequest request, HttpResponse response, TokenIssuer issuer)
    {
        var (body, problem) = await RequestBody.ReadAsync(request);
        if (problem is not null)
        {
            return problem;
        }

        var findings = new Findings();
        var (name, role, ttl) = Read(body, findings);
        if (findings.HasErrors)
        {
            return Problem.Invalid(findings.Errors);
        }

        var (stored, token) = await issuer.CreateAsync(caller.Tenant, name!, role!.Value, ttl, caller.Audit);
        response.Headers.CacheControl = "no-store";
        return Results.Created($"/api/v1/tokens/{stored.Id}", TokenResource.Of(stored, token));
    }

    private static async Task<IResult> ListAsync(Caller caller, HttpRequest request, ITokenStore tokens)
    {
        if (!PageRequest.TryRead(request, numeric: false, out var page, out var problem))
        {
            return problem;
        }

        var found = await tokens.ListTokensAsync(caller.Tenant, page.Cursor, page.Limit + 1);
        return Results.Ok(page.Of(found, TokenResource.Of, token => token.Id));
    }

    private static async Task<IResult> DeleteAsync(string id, Caller caller, ITokenStore tokens) =>
        await tokens.DeleteTokenAsync(caller.Tenant, id, caller.Audit)
            ? Results.NoContent()
            : Problem.NotFound($"There is no token {Printable.Quote(id)}.");

    private static (string? Name, Role? Role, TimeSpan? Ttl) Read(ReadOnlyMemory<byte> body, Findings findings)
    {
        var root = JsonBody.Open(body, findings, out var document);
        using (document)
        {
            return root?.Object("name", "role", "ttl") is { } members
                ? (
                    members.Require("name") is { } name ? Vocabulary.Name(name) : null,
                    members.Require("role")?.Word(
                        ("viewer", Role.Viewer), ("operator", Role.Operator), ("admin", Role.Admin)),
                    members["ttl"] is { } ttl ? LifecycleReader.ReadTtl(ttl) : null)
                : default;
        }
    }
}
