using EbpfPersonas.Controller.Activation;
using EbpfPersonas.Controller.Api.Resources;
using EbpfPersonas.Controller.Fleet;
using EbpfPersonas.Personas.Json;

namespace EbpfPersonas.Controller.Api;

/// <summary>/vms: who there is, and what may become active there.</summary>
internal static class VmEndpoints
{
    private const int MaxBindings = 1000;

    public static void MapVms(this IEndpointRouteBuilder api)
    {
        var vms = api.MapGroup("/vms").WithTags("VMs");
        vms.MapGet("/", List).WithName("ListVms").WithSummary("List the VMs whose agents were ever seen").Paged()
            .Produces<Page<VmResource>>().Fails(400);
        vms.MapGet("/{id}", Get).WithName("GetVm").WithSummary("Read a VM").Produces<VmResource>().Fails(404);
        vms.MapDelete("/{id}", DeleteAsync).WithName("DeleteVm")
            .WithSummary("Forget a VM whose agent is not connected").Produces(204).Fails(404, 409);
        vms.MapGet("/{id}/status", GetStatusAsync).WithName("GetVmStatus")
            .WithSummary("What a VM runs, what it should run, and why").Produces<VmStatus>().Fails(404);
        vms.MapGet("/{id}/bindings", GetBindings).WithName("GetBindings")
            .WithSummary("Which personas may become active on a VM").Produces<VmBindings>().Fails(404);
        vms.MapPut("/{id}/bindings", PutBindingsAsync).WithName("PutBindings")
            .WithSummary("Say which personas may become active on a VM").Accepts<VmBindings>("application/json")
            .Produces<VmBindings>().Fails(400, 404, 413, 415, 422);
    }

    /// <summary>The problem of a VM that was never seen.</summary>
    public static Problem NoVm(string id) =>
        Problem.NotFound($"There is no VM {Printable.Quote(id)}: no agent of that id has ever connected.");

    /// <summary>The VM's status at one moment, as several endpoints answer with it.</summary>
    public static async Task<VmStatus> StatusAsync(
        VmActor actor, AgentFleet fleet, PersonaLibrary library, SteadyClock clock)
    {
        await actor.Gate.WaitAsync();
        try
        {
            var wanted = Wanted.Of(actor.Vm);
            var persona = wanted.Persona is { } name ? await library.FindRevisionAsync(name, wanted.Revision) : null;
            return VmStatus.Of(
                actor, persona, fleet.IsConnected(actor.Vm.Id), fleet.SentGeneration(actor.Vm.Id), clock.Now);
        }
        finally
        {
            actor.Gate.Release();
        }
    }

    private static IResult List(HttpRequest request, PersonaManager manager, AgentFleet fleet)
    {
        if (!PageRequest.TryRead(request, numeric: false, out var page, out var problem))
        {
            return problem;
        }

        var vms = manager.Vms.Select(actor => actor.Vm)
            .Where(vm => string.CompareOrdinal(vm.Id, page.Cursor) > 0).Take(page.Limit + 1).ToArray();
        return Results.Ok(page.Of(vms, vm => VmResource.Of(vm, fleet.IsConnected(vm.Id)), vm => vm.Id));
    }

    private static IResult Get(string id, PersonaManager manager, AgentFleet fleet) =>
        manager.TryFind(id, out var actor) ? Results.Ok(VmResource.Of(actor.Vm, fleet.IsConnected(id))) : NoVm(id);

    private static async Task<IResult> GetStatusAsync(
        string id, PersonaManager manager, AgentFleet fleet, PersonaLibrary library, SteadyClock clock) =>
        manager.TryFind(id, out var actor) ? Results.Ok(await StatusAsync(actor, fleet, library, clock)) : NoVm(id);

    private static IResult GetBindings(string id, PersonaManager manager) =>
        manager.TryFind(id, out var actor) ? Results.Ok(VmBindings.Of(actor.Vm)) : NoVm(id);

    private static async Task<IResult> DeleteAsync(string id, PersonaManager manager, AgentFleet fleet)
    {
        if (!manager.TryFind(id, out _))
        {
            return NoVm(id);
        }

        if (fleet.IsConnected(id))
        {
            return Problem.Conflict($"The agent of {id} is connected. Stop it first.");
        }

        await manager.ForgetAsync(id);
        return Results.NoContent();
    }

    private static async Task<IResult> PutBindingsAsync(string id, HttpRequest request, PersonaManager manager)
    {
        var (body, problem) = await RequestBody.ReadAsync(request);
        if (problem is not null)
        {
            return problem;
        }

        if (!manager.TryFind(id, out _))
        {
            return NoVm(id);
        }

        var findings = new Findings();
        var (personas, fallback) = ReadBindings(body, findings);
        if (findings.HasErrors)
        {
            return Problem.Invalid(findings.Errors);
        }

        var outcome = await manager.SetBindingsAsync(id, personas, fallback);
        return UnknownPersonas(outcome) is { } unknown ? unknown
            : outcome.Actor is { } actor ? Results.Ok(VmBindings.Of(actor.Vm)) : NoVm(id);
    }

    /// <summary>The problem of a request that names personas that do not exist, or null.</summary>
    public static Problem? UnknownPersonas(VmRequestOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        return outcome.UnknownPersonas.Count == 0 ? null : Problem.Invalid([.. outcome.UnknownPersonas.Select(field =>
            new Finding(
                field.Pointer, FindingCode.UnknownPersona, $"There is no persona {Printable.Quote(field.Name)}."))]);
    }

    private static (IReadOnlyList<string> Personas, string? Default) ReadBindings(
        ReadOnlyMemory<byte> body, Findings findings)
    {
        var root = JsonBody.Open(body, findings, out var document);
        using (document)
        {
            if (root?.Object("personas", "default") is not { } members)
            {
                return ([], null);
            }

            var personas = new List<string>();
            foreach (var item in members.Require("personas")?.List(MaxBindings) ?? [])
            {
                if (item.Text() is not { } name)
                {
                    continue;
                }

                if (personas.Contains(name))
                {
                    item.Error(FindingCode.DuplicateName, $"{Printable.Quote(name)} stands here more than once.");
                }

                personas.Add(name);
            }

            return (personas, members["default"]?.Text());
        }
    }
}
