using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Network;
using AbiVerdict = EbpfPersonas.Agent.Abi.Verdict;

namespace EbpfPersonas.Agent.Tests.Dataplane.Odd;

/// <summary>A VM with the agent's filter on its interface, and a neighbour without one.</summary>
internal sealed class OddLab : IAsyncDisposable
{
    /// <summary>
    /// The interface of both ends of a wire of their own, with the hardware addresses of test frames and no addresses.
    /// </summary>
    public const string Wire = "wire0";

    private OddLab(Lab lab, LabHost vm, LabHost peer, PersonaDataplane dataplane) =>
        (Lab, Vm, Peer, Dataplane) = (lab, vm, peer, dataplane);

    public Lab Lab { get; }

    public LabHost Vm { get; }

    public LabHost Peer { get; }

    public PersonaDataplane Dataplane { get; }

    /// <summary>
    /// The VM has 10.0.0.5 and 2001:db8::5, the peer .10 and ::10. The filter is the production's, or a test's own.
    /// </summary>
    public static async Task<OddLab> CreateAsync(AttachMode mode, Persona persona, byte[]? filter = null)
    {
        var lab = await Lab.CreateAsync();
        var vm = await lab.AddHostAsync("vm", "10.0.0.5/24", "2001:db8::5/64");
        var peer = await lab.AddHostAsync("peer", "10.0.0.10/24", "2001:db8::10/64");

        // Past the bridge, which looks at packets itself.
        await vm.RunAsync(
            "ip", "link", "add", Wire, "address", "02:00:00:00:00:05", "type", "veth",
            "peer", "name", Wire, "address", "02:00:00:00:00:01", "netns", peer.Namespace);
        await vm.RunAsync("ip", "link", "set", Wire, "up");
        await peer.RunAsync("ip", "link", "set", Wire, "up");
        var dataplane = vm.RunInside(() =>
        {
            var loaded = PersonaDataplane.Load(
                new DataplaneOptions { Attach = mode, FilterImage = filter ?? BpfImages.Filter() });
            loaded.Attach();
            return loaded;
        });
        dataplane.Apply(1, persona);
        return new OddLab(lab, vm, peer, dataplane);
    }

    /// <summary>Packets that the persona and the filter said this of.</summary>
    public ulong Count(Direction direction, AbiVerdict verdict, Reason? reason = null) =>
        Dataplane.ReadCounters().Verdicts
            .Where(entry => entry.Key.Direction == Way(direction)
                && entry.Key.Verdict == verdict
                && (reason is null || entry.Key.Reason == reason))
            .Aggregate(0UL, (sum, entry) => sum + entry.Value.Packets);

    /// <summary>Packets and octets that passed in this direction, whatever was said of them.</summary>
    public PacketCount Passed(Direction direction) =>
        Dataplane.ReadCounters().Verdicts
            .Where(entry => entry.Key.Direction == Way(direction) && entry.Key.Verdict == AbiVerdict.Forwarded)
            .Aggregate(default(PacketCount), (sum, entry) => sum + entry.Value);

    /// <summary>Packets and octets that a rule decided on.</summary>
    public PacketCount Decided(string rule)
    {
        var counters = Dataplane.ReadCounters();
        var count = counters.Rules.FirstOrDefault(entry => entry.Key.Rule == rule).Value;
        return new PacketCount(count.Packets, count.Bytes);
    }

    public async ValueTask DisposeAsync()
    {
        Dataplane.Dispose();
        await Lab.DisposeAsync();
    }

    private static PacketDirection Way(Direction direction) =>
        direction == Direction.Ingress ? PacketDirection.Ingress : PacketDirection.Egress;
}
