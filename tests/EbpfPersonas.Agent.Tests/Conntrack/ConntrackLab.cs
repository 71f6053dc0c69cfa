using System.Buffers.Binary;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Network;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.Agent.Tests.Conntrack;

/// <summary>A VM with the filter on its interface and a peer, with a persona that lets one direction begin.</summary>
internal sealed class ConntrackLab : IAsyncDisposable
{
    public const string VmAddress = "10.0.0.5";
    public const string PeerAddress = "10.0.0.10";

    /// <summary>Where TCP and UDP may begin; everything else is denied.</summary>
    public const int Port = 5000;

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Lab _lab;
    private PersonaDataplane? _dataplane;

    private ConntrackLab(Lab lab, LabHost vm, LabHost peer) => (_lab, Vm, Peer) = (lab, vm, peer);

    public LabHost Vm { get; }

    public LabHost Peer { get; }

    public PersonaDataplane Dataplane => _dataplane!;

    public static async Task<ConntrackLab> CreateAsync()
    {
        var lab = await Lab.CreateAsync();
        return new ConntrackLab(
            lab, await lab.AddHostAsync("vm", VmAddress + "/24"), await lab.AddHostAsync("peer", PeerAddress + "/24"));
    }

    /// <summary>Loads the filter and hangs it on the VM's interface.</summary>
    public void Attach(DataplaneOptions options, params ReadOnlySpan<Direction> begins)
    {
        _dataplane = Vm.RunInside(() =>
        {
            var loaded = PersonaDataplane.Load(options);
            try
            {
                loaded.Attach();
                return loaded;
            }
            catch
            {
                loaded.Dispose();
                throw;
            }
        });
        PutInForce(begins);
    }

    /// <summary>The persona that lets these directions begin, under a new epoch.</summary>
    public void PutInForce(params ReadOnlySpan<Direction> begins) =>
        Dataplane.Apply(Dataplane.Realised.Generation + 1, Allowing(begins));

    /// <summary>Without a persona.</summary>
    public void PutNothingInForce() => Dataplane.Apply(Dataplane.Realised.Generation + 1, null);

    /// <summary>The VM and the peer in the order of who begins.</summary>
    public (LabHost Client, LabHost Server, string ServerAddress) Roles(Direction begins) => begins == Direction.Egress
        ? (Vm, Peer, PeerAddress)
        : (Peer, Vm, VmAddress);

    public ulong Count(Reason reason) => Sum(key => key.Reason == reason);

    public ulong CountStopped() => Sum(key => key.Verdict is Verdict.Dropped or Verdict.Rejected);

    /// <summary>What was counted, for messages.</summary>
    public string Counters() => string.Join(", ", Dataplane.ReadCounters().Verdicts
        .Where(entry => entry.Value.Packets > 0)
        .Select(entry => $"{entry.Key.Direction} {entry.Key.Verdict} {entry.Key.Reason}: {entry.Value.Packets}"));

    public int CountFlows(string map) => Dataplane.Filter.Map(map).Keys<FlowKey>().Count();

    /// <summary>The VM's ports of confirmed flows.</summary>
    public HashSet<int> ConfirmedPorts() =>
    [
        .. Dataplane.Filter.Map("flows").Keys<FlowKey>()
            .Select(key => (int)BinaryPrimitives.ReverseEndianness(key.LocalPort)),
    ];

    public async ValueTask DisposeAsync()
    {
        _dataplane?.Dispose();
        await _lab.DisposeAsync();
    }

    private ulong Sum(Func<VerdictKey, bool> which) => Dataplane.ReadCounters().Verdicts
        .Where(entry => which(entry.Key)).Aggregate(0ul, (sum, entry) => sum + entry.Value.Packets);

    private static Persona Allowing(ReadOnlySpan<Direction> begins) => new()
    {
        Name = "one-port",
        Revision = 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules =
        [
            .. from direction in begins.ToArray()
               from protocol in new[] { IpProtocol.Tcp, IpProtocol.Udp }
               select new Rule
               {
                   Id = $"{direction}-{protocol}",
                   Direction = direction,
                   Action = RuleAction.Allow,
                   List = RuleList.Allowed,
                   Protocol = protocol,
                   Ports = [new PortRange(Port, Port)],
               },
        ],
    };
}
