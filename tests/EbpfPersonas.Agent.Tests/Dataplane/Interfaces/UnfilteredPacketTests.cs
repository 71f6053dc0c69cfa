using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Interfaces;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Network;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Dataplane.Interfaces;

/// <summary>What passed an interface before it had a filter is counted, and nothing else is.</summary>
public sealed class UnfilteredPacketTests : IAsyncLifetime
{
    private const int Packets = 25;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private FilterLab _lab = null!;

    public async Task InitializeAsync() => _lab = await FilterLab.CreateAsync();

    public Task DisposeAsync() => _lab.DisposeAsync().AsTask();

    [Theory]
    [InlineData(AttachMode.Tcx)]
    [InlineData(AttachMode.Clsact)]
    public async Task Packets_that_pass_an_interface_before_it_is_filtered_are_counted(AttachMode mode)
    {
        using var held = new ManualResetEventSlim();
        using var filters = _lab.Start(mode, prepare: made => made.Attached += known => Hold(held, known));
        Assert.Equal(default, filters.Totals);

        // While the filter of the first is late, so is the one of the second.
        await Add("late");
        await Add("eth1");
        await SendAsync("eth1");
        held.Set();

        var known = Await(filters, "eth1");
        Assert.False(known.Existed);
        Assert.InRange(known.PacketsBefore.Sent, (ulong)Packets, (ulong)Packets + 20);
        Assert.InRange(filters.Totals.Unfiltered.Sent, known.PacketsBefore.Sent, known.PacketsBefore.Sent + 20);
        Assert.Equal(mode, known.Mode);
        filters.Detach();
    }

    [Theory]
    [InlineData(AttachMode.Tcx)]
    [InlineData(AttachMode.Clsact)]
    public async Task What_an_interface_counted_in_another_namespace_is_no_gap_of_ours(AttachMode mode)
    {
        using var filters = _lab.Start(mode);
        await _lab.Peer.RunAsync("ip", "link", "add", "eth1", "type", "veth", "peer", "name", "eth2");
        await _lab.Peer.RunAsync("ip", "link", "set", "eth1", "up");
        await _lab.Peer.RunAsync("ip", "link", "set", "eth2", "up");
        await SendAsync("eth1", _lab.Peer);

        await _lab.Peer.RunAsync("ip", "link", "set", "eth1", "netns", _lab.Vm.Namespace);

        Assert.Equal(default, Await(filters, "eth1").PacketsBefore);
        filters.Detach();
    }

    [Theory]
    [InlineData(AttachMode.Tcx)]
    [InlineData(AttachMode.Clsact)]
    public async Task What_passed_before_the_agent_came_is_told_apart_and_none_passes_an_adopted_filter(AttachMode mode)
    {
        await SendAsync("eth0");
        using (var filters = _lab.Start(mode))
        {
            var known = Await(filters, "eth0");
            Assert.True(known.Existed);
            Assert.InRange(known.PacketsBefore.Sent, (ulong)Packets, ulong.MaxValue);
            Assert.Equal(default, filters.Totals);
        }

        using var next = _lab.Start(mode);
        Assert.Equal(default, Await(next, "eth0").PacketsBefore);
        Assert.Equal(default, next.Totals);
        next.Detach();
    }

    private static void Hold(ManualResetEventSlim held, FilteredInterface known)
    {
        if (known.Name == "late")
        {
            held.Wait(Patience);
        }
    }

    private async Task Add(string name)
    {
        await _lab.Vm.RunAsync(
            "ip", "link", "add", name, "type", "veth", "peer", "name", name + "p", "netns", _lab.Peer.Namespace);
        await _lab.Peer.RunAsync("ip", "link", "set", name + "p", "up");
        await _lab.Vm.RunAsync("ip", "link", "set", name, "up");
    }

    private async Task SendAsync(string device, LabHost? host = null)
    {
        using var socket = new RawSocket(host ?? _lab.Vm, await (host ?? _lab.Vm).InterfaceIndexAsync(device));
        var frame = Frame.Build(PacketParser.Parse("udp local:40000 > 10.0.0.10:5000 payload=10"));
        for (var i = 0; i < Packets; i++)
        {
            Assert.True(socket.Send(frame, 0x0800));
        }
    }

    private static FilteredInterface Await(InterfaceFilters filters, string name)
    {
        FilteredInterface? found = null;
        SpinWait.SpinUntil(
            () => (found = filters.Interfaces.FirstOrDefault(known => known.Name == name)) is not null, Patience);
        return found ?? throw new TimeoutException($"{name} has no filter");
    }
}
