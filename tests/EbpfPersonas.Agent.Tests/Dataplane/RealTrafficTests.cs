using System.Net.Sockets;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Agent.Dataplane.Interfaces;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Network;
using Xunit;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>
/// What only a real stack does: packets in pages, senders that lie, other people's programs and qdiscs, bridges.
/// </summary>
public sealed class RealTrafficTests : IAsyncLifetime
{
    private const int Jumbo = 9000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(1500);

    private Lab _lab = null!;
    private LabHost _vm = null!;
    private LabHost _peer = null!;

    public async Task InitializeAsync()
    {
        _lab = await Lab.CreateAsync();
        _vm = await _lab.AddHostAsync("vm", "10.0.0.5/24");
        _peer = await _lab.AddHostAsync("peer", "10.0.0.10/24");
    }

    public Task DisposeAsync() => _lab.DisposeAsync().AsTask();

    [Fact]
    public async Task Headers_that_lie_in_pages_are_read()
    {
        foreach (var host in new[] { _vm, _peer })
        {
            await host.RunAsync("ip", "link", "set", "eth0", "mtu", Jumbo.ToString());
        }

        await SetHubMtuAsync();
        using var dataplane = Attach(AttachMode.Auto);
        dataplane.Apply(1, Allowing(Direction.Ingress, IpProtocol.Udp, 5000));
        using var receiver = _vm.BindUdp("10.0.0.5", 5000);
        using var sender = new RawSocket(_peer, await _peer.InterfaceIndexAsync("eth0"));

        // A packet socket puts all but the link-layer header of a frame that is larger than a page into pages.
        var frame = Frame.Build(PacketParser.Parse("udp 10.0.0.10:40000 > local:5000") with { PayloadLength = 5000 });
        (await _vm.HardwareAddressAsync("eth0")).CopyTo(frame, 0);
        Assert.True(sender.Send(frame, 0x0800));

        Assert.True(receiver.Poll(Patience, SelectMode.SelectRead), "the datagram arrives");
        Assert.Equal(5000, receiver.Receive(new byte[Jumbo]));
        Assert.Equal(1u, Count(dataplane, PacketDirection.Ingress, Verdict.Forwarded, Reason.AllowedRule));
    }

    [Fact]
    public async Task An_ip_frame_that_claims_to_be_arp_does_not_pass()
    {
        using var dataplane = Attach(AttachMode.Auto);
        using var receiver = _peer.BindUdp("10.0.0.10", 5000);
        using var sender = new RawSocket(_vm, await _vm.InterfaceIndexAsync("eth0"));
        var frame = Frame.Build(PacketParser.Parse("udp local:40000 > 10.0.0.10:5000 payload=10"));
        (await _peer.HardwareAddressAsync("eth0")).CopyTo(frame, 0);

        Assert.True(sender.Send(frame, 0x0806), "without a persona the frame goes out");
        Assert.True(receiver.Poll(Patience, SelectMode.SelectRead), "and arrives");
        receiver.Receive(new byte[100]);
        dataplane.Apply(1, Allowing(Direction.Ingress, IpProtocol.Udp, 1));
        sender.Send(frame, 0x0806);

        Assert.False(receiver.Poll(Window, SelectMode.SelectRead), "under a persona that denies it, it does not");
        Assert.Equal(1u, Count(dataplane, PacketDirection.Egress, Verdict.Dropped, Reason.InvalidPacket));
    }

    [Fact]
    public async Task A_tcx_program_that_came_first_and_lets_everything_pass_does_not_bypass_the_filter()
    {
        using var foreign = BpfObject.Open(TestObjects.Program("pass_all"), "foreign");
        foreign.Load();
        var index = await _vm.InterfaceIndexAsync("eth0");
        using var link = _vm.RunInside(() => foreign.Program("pass_all").AttachTcx(index, ingress: false));
        using var dataplane = Attach(AttachMode.Tcx);
        using var listener = _peer.Listen("10.0.0.10", 5000);

        Assert.Equal(SocketError.Success, await _vm.TryConnectAsync("10.0.0.10", 5000, Patience));
        dataplane.Apply(1, Allowing(Direction.Egress, IpProtocol.Tcp, 1));
        Assert.Equal(SocketError.TimedOut, await _vm.TryConnectAsync("10.0.0.10", 5000, Window));
    }

    [Fact]
    public async Task An_ingress_qdisc_in_the_place_of_clsact_is_an_error_and_not_half_a_filter()
    {
        await _vm.RunAsync("tc", "qdisc", "add", "dev", "eth0", "ingress");

        var refused = Assert.Throws<InvalidOperationException>(() => Attach(AttachMode.Clsact).Dispose());

        Assert.Contains(
            "ingress qdisc",
            Assert.IsType<BpfException>(refused.InnerException).Message,
            StringComparison.Ordinal);
        await _vm.RunAsync("tc", "qdisc", "del", "dev", "eth0", "ingress");
        using var dataplane = Attach(AttachMode.Clsact);
        Assert.Equal(AttachMode.Clsact, dataplane.Mode);
    }

    [Theory]
    [InlineData(AttachMode.Tcx)]
    [InlineData(AttachMode.Clsact)]
    public async Task An_interface_that_joins_and_leaves_a_bridge_keeps_its_filter(AttachMode mode)
    {
        await _vm.RunAsync("ip", "link", "add", "spare", "type", "bridge");
        await _lab.AddInterfaceAsync(_vm, "eth1", "vm1");
        using var dataplane = Attach(mode);
        dataplane.Apply(1, Allowing(Direction.Egress, IpProtocol.Tcp, 1));
        using var sender = new RawSocket(_vm, await _vm.InterfaceIndexAsync("eth1"));
        var frame = Frame.Build(PacketParser.Parse("udp local:40000 > 10.0.0.10:5000 payload=10"));
        using var receiver = _peer.BindUdp("10.0.0.10", 5000);
        (await _peer.HardwareAddressAsync("eth0")).CopyTo(frame, 0);

        var stop = false;
        var sent = 0u;
        var stream = new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                sender.Send(frame, 0x0800);
                sent++;
            }
        });
        stream.Start();
        for (var i = 0; i < 10; i++)
        {
            await _vm.RunAsync("ip", "link", "set", "eth1", "master", "spare");
            await _vm.RunAsync("ip", "link", "set", "eth1", "nomaster");
        }

        Volatile.Write(ref stop, true);
        stream.Join();

        Assert.False(receiver.Poll(Window, SelectMode.SelectRead), "nothing that is denied passed");
        Assert.Equal(sent, Count(dataplane, PacketDirection.Egress, Verdict.Dropped, Reason.DefaultDeny));
        Assert.True(sent > 1000, $"{sent} were tried");
        dataplane.Apply(2, null);
        sender.Send(frame, 0x0800);
        Assert.True(receiver.Poll(Patience, SelectMode.SelectRead), "and without a persona the same frame passes");
    }

    [Fact]
    public async Task What_a_killed_agent_left_in_clsact_does_not_govern_the_next_one()
    {
        var index = await _vm.InterfaceIndexAsync("eth0");
        using var listener = _peer.Listen("10.0.0.10", 5000);
        using var orphan = PersonaDataplane.Load(new DataplaneOptions());
        orphan.Apply(1, Allowing(Direction.Egress, IpProtocol.Tcp, 1));
        _vm.RunInside(() =>
            TcFilter.Attach(
                orphan.Filter.Program("filter_egress"),
                index,
                ingress: false,
                InterfaceFilters.ClsactHandle,
                InterfaceFilters.ClsactPriority));
        Assert.Equal(SocketError.TimedOut, await _vm.TryConnectAsync("10.0.0.10", 5000, Window));

        using var dataplane = Attach(AttachMode.Tcx);

        Assert.Equal(SocketError.Success, await _vm.TryConnectAsync("10.0.0.10", 5000, Patience));
    }

    private PersonaDataplane Attach(AttachMode mode) => _vm.RunInside(() =>
    {
        var loaded = PersonaDataplane.Load(new DataplaneOptions { Attach = mode });
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

    private async Task SetHubMtuAsync()
    {
        foreach (var port in new[] { "vm", "peer", "br0" })
        {
            await _lab.RunInHubAsync("ip", "link", "set", port, "mtu", Jumbo.ToString());
        }
    }

    private static ulong Count(PersonaDataplane dataplane, PacketDirection direction, Verdict verdict, Reason reason) =>
        dataplane.ReadCounters()
            .Verdicts
            .GetValueOrDefault(new VerdictKey("narrow", direction, verdict, reason))
            .Packets;

    /// <summary>Allows one port in one direction, and nothing else.</summary>
    private static Persona Allowing(Direction direction, byte protocol, ushort port) => new()
    {
        Name = "narrow",
        Revision = 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules =
        [
            new Rule
            {
                Id = "one",
                Direction = direction,
                Action = RuleAction.Allow,
                List = RuleList.Allowed,
                Protocol = protocol,
                Ports = [new PortRange(port, port)],
            },
        ],
    };
}
