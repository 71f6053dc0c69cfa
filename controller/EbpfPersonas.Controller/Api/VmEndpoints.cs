using EbpfPersonas.Controller.Access;
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
        vms.MapGet("/", List).WithName("ListVms").Allows(Role.Viewer)
            .WithSummary("List the VMs whose agents were ever seen").Paged()
            .Produces<Page<VmResource>>().Fails(400);
        vms.MapGet("/{id}", Get).WithName("GetVm").Allows(Role.Viewer).WithSummary("Read a VM")
            .Produces<VmResource>().Fails(404);
        vms.MapDelete("/{id}", DeleteAsync).WithName("DeleteVm").Allows(Role.Admin)
            .WithSummary("Shut a VM out, and forget it")
            .WithDescription(
                "Its certificates and enrolment tokens are taken back and its stream ends, also where it has never " +
                "connected. The VM goes on enforcing what it has.")
            .Produces(204).Fails(404);
        vms.MapGet("/{id}/status", GetStatusAsync).WithName("GetVmStatus").Allows(Role.Viewer)
            .WithSummary("What a VM runs, what it should run, and why").Produces<VmStatus>().Fails(404);
        vms.MapGet("/{id}/bindings", GetBindings).WithName("GetBindings").Allows(Role.Viewer)
            .WithSummary("Which personas may become active on a VM").Produces<VmBindings>().Fails(404);
        vms.MapPut("/{id}/bindings", PutBindingsAsync).WithName("PutBindings").Allows(Role.Operator)
            .WithSummary("Say which personas may become active on a VM").Accepts<VmBindings>("application/json")
            .Produces<VmBindings>().Fails(400, 404, 413, 415, 422);
    }

    /// <summary>The problem of a VM that was never seen.</summary>
    public static Problem NoVm(string id) =>
        Problem.NotFound($"There is no VM {Printable.Quote(id)}: no agent of that id has ever connected.");

    private static IResult List(Caller caller, HttpRequest request, PersonaManager manager, AgentFleet fleet)
    {
        if (!PageRequest.TryRead(request, numeric: false, out var page, out var problem))
        {
            return problem;
        }

        var vms = manager.VmsOf(caller.Tenant).Select(actor => actor.Vm)
            .Where(vm => string.CompareOrdinal(vm.Key.Id, page.Cursor) > 0).Take(page.Limit + 1).ToArray();
        return Results.Ok(page.Of(vms, vm => VmResource.Of(vm, fleet.IsConnected(vm.Key)), vm => vm.Key.Id));
    }

    private static IResult Get(string id, Caller caller, PersonaManager manager, AgentFleet fleet) =>
        manager.TryFind(caller.Vm(id), out var actor)
            ? Results.Ok(VmResource.Of(actor.Vm, fleet.IsConnected(actor.Vm.Key)))
            : NoVm(id);

    private static async Task<IResult> GetStatusAsync(
        string id, Caller caller, PersonaManager manager, VmStatusReader statuses) =>
        manager.TryFind(caller.Vm(id), out var actor)
            ? Results.Ok(await statuses.ReadAsync(actor))
            : NoVm(id);

    private static IResult GetBindings(string id, Caller caller, PersonaManager manager) =>
        manager.TryFind(caller.Vm(id), out var actor) ? Results.Ok(VmBindings.Of(actor.Vm)) : NoVm(id);

    private static async Task<IResult> DeleteAsync(
        string id, Caller caller, PersonaManager manager, VmRevocation revocation)
    {
        // In this order: a stream that ended cannot come back and be a VM again.
        var isShutOut = await revocation.RevokeAsync(caller.Vm(id), caller.Audit);
        var isForgotten = await manager.ForgetAsync(caller.Vm(id), caller.Audit);
        return isShutOut || isForgotten ? Results.NoContent() : NoVm(id);
    }

    private static async Task<IResult> PutBindingsAsync(
        string id, Caller caller, HttpRequest request, PersonaManager manager)
    {
        var (body, problem) = await RequestBody.ReadAsync(request);
        if (problem is not null)
        {
            return problem;
        }

        if (!manager.TryFind(caller.Vm(id), out _))
        {
            return NoVm(id);
        }

        var findings = new Findings();
        var (personas, fallback) = ReadBindings(body, findings);
        if (findings.HasErrors)
        {
            return Problem.Invalid(findings.Errors);
        }

        var outcome = await manager.SetBindingsAsync(caller.Vm(id), personas, fallback, caller.Audit);
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
