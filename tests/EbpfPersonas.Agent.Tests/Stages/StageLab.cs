using System.Net.Sockets;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Stages;
using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Activation;
using EbpfPersonas.TestKit.Network;
using AddressFamily = System.Net.Sockets.AddressFamily;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.Agent.Tests.Stages;

/// <summary>
/// A VM with filter, tracing and stages, and a peer that has every address and counts what reaches it. No agent: what
/// happens here, happens in the kernel.
/// </summary>
internal sealed class StageLab : IAsyncDisposable
{
    /// <summary>Only <see cref="Before"/> allows it.</summary>
    public const string OldAddress = ArrivalCounters.OldAddress;

    /// <summary>Only <see cref="Client"/> allows it.</summary>
    public const string NewAddress = ArrivalCounters.NewAddress;

    private readonly Lab _lab;
    private ArrivalCounters? _arrivals;

    private StageLab(Lab lab, LabHost vm, LabHost peer) => (_lab, Vm, Peer) = (lab, vm, peer);

    public static Persona Before { get; } = Allowing("before", OldAddress);

    public static Persona Client { get; } = Allowing("client", NewAddress);

    public LabHost Vm { get; }

    public LabHost Peer { get; }

    public PersonaDataplane Dataplane { get; private set; } = null!;

    public ProcessTracer Tracer { get; private set; } = null!;

    public KernelStages Stages => Dataplane.Stages;

    /// <summary>The name of the persona in force.</summary>
    public string? InForce => Dataplane.Realised.Persona;

    public static async Task<StageLab> CreateAsync(
        AttachMode attach = AttachMode.Auto, byte[]? image = null,
        Func<Persona, int, CompiledPersona>? compiler = null, uint ringSize = ProcessTracer.DefaultRingSize)
    {
        var lab = await Lab.CreateAsync();
        var vm = await lab.AddHostAsync("vm", "10.0.0.5/24");
        var peer = await lab.AddHostAsync("peer", "10.0.0.10/24");
        var made = new StageLab(lab, vm, peer);
        made._arrivals = await ArrivalCounters.AddAsync(vm, peer, "10.0.0.10");
        made.Dataplane = vm.RunInside(() =>
        {
            var loaded = PersonaDataplane.Load(new DataplaneOptions
            {
                Attach = attach,
                Compiler = compiler ?? CheckedCompiler.Compile,
            });
            loaded.Attach();
            return loaded;
        });
        using var socket = vm.OpenSocket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        made.Tracer = ProcessTracer.Open(
            image ?? BpfImages.Read("process.bpf.o"),
            NetworkNamespace.ReadCookie(socket),
            ringSize,
            made.Dataplane.Filter);
        made.Tracer.Attach();
        return made;
    }

    /// <summary>Allows egress to one address alone.</summary>
    public static Persona Allowing(string name, params ReadOnlySpan<string> addresses) => new()
    {
        Name = name,
        Revision = 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules =
        [
            .. addresses.ToArray().Select((address, index) => new Rule
            {
                Id = $"allowed-{index}",
                Direction = Direction.Egress,
                Action = RuleAction.Allow,
                List = RuleList.Allowed,
                Peers = [new Prefix(IpAddress.Parse(address), 32)],
            }),
        ],
    };

    /// <summary>Puts <see cref="Before"/> on the floor, and stages one persona before it for a condition.</summary>
    public int StageClient(KernelCondition condition)
    {
        var number = Stages.Watch(condition)!.Value;
        Dataplane.Arrange(new Arrangement
        {
            Generation = 1,
            Floor = Before,
            Staged = [new StagedPersona(Client, [number])],
            FloorRank = 1,
            Arming = new Arming(1UL << number, 0),
        });
        return number;
    }

    /// <summary>What reached the peer since the last call.</summary>
    public Task<Arrivals> TakeArrivalsAsync() => _arrivals!.TakeAsync();

    public async ValueTask DisposeAsync()
    {
        Tracer?.Dispose();
        Dataplane?.Dispose();
        await _lab.DisposeAsync();
    }
}
