using System.Net.Sockets;
using System.Text.Json;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Stages;
using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Model;
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
    public const int Port = 5000;

    /// <summary>Only <see cref="Before"/> allows it.</summary>
    public const string OldAddress = "10.1.0.1";

    /// <summary>Only <see cref="Client"/> allows it.</summary>
    public const string NewAddress = "10.2.0.1";

    // Counted and swallowed: nobody answers, so each is one packet.
    private const string Counting = """
        table inet arrivals {
          counter udp_old { }
          counter tcp_old { }
          counter udp_new { }
          counter tcp_new { }
          chain arrivals {
            type filter hook prerouting priority -300
            ip daddr 10.1.0.1 udp dport 5000 counter name udp_old drop
            ip daddr 10.1.0.1 tcp dport 5000 counter name tcp_old drop
            ip daddr 10.2.0.1 udp dport 5000 counter name udp_new drop
            ip daddr 10.2.0.1 tcp dport 5000 counter name tcp_new drop
          }
        }
        """;

    private readonly Lab _lab;

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
        Func<Persona, int, CompiledPersona>? compiler = null)
    {
        var lab = await Lab.CreateAsync();
        var vm = await lab.AddHostAsync("vm", "10.0.0.5/24");
        var peer = await lab.AddHostAsync("peer", "10.0.0.10/24");
        var made = new StageLab(lab, vm, peer);
        await vm.RunAsync("ip", "route", "add", "default", "via", "10.0.0.10");
        var hardware = Convert.ToHexString(await peer.HardwareAddressAsync("eth0"))
            .Chunk(2).Select(pair => new string(pair));
        await vm.RunAsync(
            "ip", "neighbour", "replace", "10.0.0.10", "lladdr", string.Join(':', hardware), "dev", "eth0",
            "nud", "permanent");
        await peer.RunAsync("nft", Counting);
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
            filter: made.Dataplane.Filter);
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
    public async Task<Arrivals> TakeArrivalsAsync()
    {
        using var listed = JsonDocument.Parse(
            await Peer.RunAsync("nft", "-j", "reset", "counters", "table", "inet", "arrivals"));
        var counts = listed.RootElement.GetProperty("nftables").EnumerateArray()
            .Where(entry => entry.TryGetProperty("counter", out _))
            .Select(entry => entry.GetProperty("counter"))
            .ToDictionary(
                counter => counter.GetProperty("name").GetString()!,
                counter => counter.GetProperty("packets").GetInt64());
        return new Arrivals(counts["udp_old"], counts["tcp_old"], counts["udp_new"], counts["tcp_new"]);
    }

    public async ValueTask DisposeAsync()
    {
        Tracer?.Dispose();
        Dataplane?.Dispose();
        await _lab.DisposeAsync();
    }
}
