using EbpfPersonas.Controller.Access;
using EbpfPersonas.Controller.Activation;
using EbpfPersonas.Controller.Api.Resources;
using EbpfPersonas.Controller.Hosting;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Reading;
using EbpfPersonas.Personas.Validation;

namespace EbpfPersonas.Controller.Api;

/// <summary>/personas.</summary>
internal static class PersonaEndpoints
{
    public static void MapPersonas(this IEndpointRouteBuilder api)
    {
        var personas = api.MapGroup("/personas").WithTags("Personas");
        personas.MapPut("/{name}", PutAsync).WithName("PutPersona").Allows(Role.Operator)
            .WithSummary("Create or replace a persona")
            .WithDescription(
                "Makes a new immutable revision, unless the bytes are those of the newest. " +
                "Honours If-Match and If-None-Match: *. The answer has warnings, and the size that the persona has " +
                "for an agent; one that an agent with the default room has no room for is refused (TOO_LARGE).")
            .AcceptsPersona().ReturnsPersona(200).ReturnsPersona(201).Fails(400, 412, 413, 415, 422);
        personas.MapGet("/", ListAsync).WithName("ListPersonas").Allows(Role.Viewer)
            .WithSummary("List personas by name").Paged().Produces<Page<PersonaListItem>>().Fails(400);
        personas.MapGet("/{name}", GetAsync).WithName("GetPersona").Allows(Role.Viewer)
            .WithSummary("Read a persona as it was sent, with metadata and status").ReturnsPersona(200).Fails(404);
        personas.MapDelete("/{name}", DeleteAsync).WithName("DeletePersona").Allows(Role.Operator)
            .WithSummary("Delete a persona that no VM refers to").Produces(204).Fails(404, 409, 412);
        personas.MapPost("/validate", ValidateAsync).WithName("ValidatePersona").Allows(Role.Viewer)
            .WithMetadata(new RequestGate.DryRun())
            .WithSummary("Check a document without storing it")
            .WithDescription(
                "Every error, every warning, and what the persona would cost an agent: rules, address intervals and " +
                "classes, cache lines and octets of kernel memory.")
            .AcceptsPersona().Produces<ValidationReport>()
            .Fails(413, 415);
        personas.MapGet("/{name}/revisions", ListRevisionsAsync).WithName("ListRevisions").Allows(Role.Viewer)
            .WithSummary("List a persona's revisions, newest first").Paged().Produces<Page<PersonaListItem>>()
            .Fails(400, 404);
        personas.MapGet("/{name}/revisions/{revision:long}", GetRevisionAsync)
            .WithName("GetRevision").Allows(Role.Viewer)
            .WithSummary("Read one revision").ReturnsPersona(200).Fails(404);
    }

    private static async Task<IResult> PutAsync(
        string name, Caller caller, HttpRequest request, IStore store, PersonaLibrary library, PersonaManager manager,
        AgentsAddresses addresses, TimeProvider time, ILogger<PersonaLibrary> log)
    {
        if (!Vocabulary.IsName(name))
        {
            return Problem.BadRequest($"{Printable.Quote(name)} cannot be the name of a persona.");
        }

        var (body, problem) = await RequestBody.ReadAsync(request);
        if (problem is not null)
        {
            return problem;
        }

        var findings = new Findings();
        if (PersonaValidator.Validate(body, findings, name, addresses.All) is not { } validated)
        {
            return Problem.Invalid(findings.Errors);
        }

        var condition = EntityTags.ReadCondition(request);
        var (outcome, stored) = await manager.WritePersonaAsync(
            () => store.PutPersonaAsync(
                caller.Tenant, name, validated.Text, condition, time.GetUtcNow(), caller.Audit));
        if (outcome == PutOutcome.ConditionFailed)
        {
            return Problem.PreconditionFailed($"{name} is not at the revision that the request expects.");
        }

        var persona = library.Read(stored!);
        if (outcome != PutOutcome.Unchanged)
        {
            log.PersonaWritten(
                caller.Tenant, name, persona.Revision, outcome.ToString(), persona.Validated.Warnings.Length);
        }

        if (outcome != PutOutcome.Created)
        {
            // Also for bytes that are stored already: a request that failed half-way is repaired by sending it again.
            await manager.PersonaChangedAsync(persona);
        }

        return new PersonaResource(
            persona,
            outcome == PutOutcome.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK,
            IsWritten: true);
    }

    private static async Task<IResult> GetAsync(
        string name, Caller caller, HttpRequest request, PersonaLibrary library)
    {
        if (await library.FindAsync(caller.Tenant, name) is not { } persona)
        {
            return NoPersona(name);
        }

        return EntityTags.IsKnown(request, persona.Revision)
            ? new NotModified(EntityTags.Of(persona.Revision))
            : new PersonaResource(persona);
    }

    private static async Task<IResult> GetRevisionAsync(
        string name, long revision, Caller caller, PersonaLibrary library) =>
        await library.FindRevisionAsync(caller.Tenant, name, revision) is { } persona
            ? new PersonaResource(persona)
            : Problem.NotFound($"There is no revision {revision} of a persona {Printable.Quote(name)}.");

    private static async Task<IResult> ListAsync(Caller caller, HttpRequest request, IStore store)
    {
        if (!PageRequest.TryRead(request, numeric: false, out var page, out var problem))
        {
            return problem;
        }

        var personas = await store.ListPersonasAsync(caller.Tenant, page.Cursor, page.Limit + 1);
        return Results.Ok(page.Of(personas, PersonaListItem.Of, persona => persona.Name));
    }

    private static async Task<IResult> ListRevisionsAsync(
        string name, Caller caller, HttpRequest request, IStore store)
    {
        if (!PageRequest.TryRead(request, numeric: true, out var page, out var problem))
        {
            return problem;
        }

        var revisions = await store.ListRevisionsAsync(caller.Tenant, name, page.Before, page.Limit + 1);
        return revisions.Count == 0 && page.Cursor.Length == 0
            ? NoPersona(name)
            : Results.Ok(page.Of(revisions, PersonaListItem.Of, revision => $"{revision.Revision}"));
    }

    private static async Task<IResult> DeleteAsync(
        string name, Caller caller, HttpRequest request, IStore store, PersonaManager manager,
        ILogger<PersonaLibrary> log)
    {
        var condition = EntityTags.ReadCondition(request);
        var (outcome, users) = await manager.WritePersonaAsync(
            () => store.DeletePersonaAsync(caller.Tenant, name, condition, caller.Audit));
        switch (outcome)
        {
            case DeleteOutcome.Deleted:
                log.PersonaDeleted(caller.Tenant, name);
                return Results.NoContent();
            case DeleteOutcome.InUse:
                return Problem.Conflict(
                    $"{name} is bound to, the default of, or active on: {string.Join(", ", users)}.");
            case DeleteOutcome.ConditionFailed:
                return Problem.PreconditionFailed($"{name} is not at the revision that the request expects.");
            default:
                return NoPersona(name);
        }
    }

    private static async Task<IResult> ValidateAsync(HttpRequest request, AgentsAddresses addresses)
    {
        var (body, problem) = await RequestBody.ReadAsync(request);
        if (problem is not null)
        {
            return problem;
        }

        var findings = new Findings();
        var validated = PersonaValidator.Validate(body, findings, controllers: addresses.All);
        var size = validated is null
            ? null
            : PersonaSize.Of(PersonaMapper.ToWire(validated.Document, revision: 1), validated.Size);
        return Results.Ok(new ValidationReport(validated is not null, findings.Errors, findings.Warnings, size));
    }

    private static Problem NoPersona(string name) => Problem.NotFound($"There is no persona {Printable.Quote(name)}.");
}
