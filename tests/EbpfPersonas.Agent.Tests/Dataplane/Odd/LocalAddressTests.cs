using System.Net;
using System.Net.Sockets;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Odd;
using Xunit;
using AbiVerdict = EbpfPersonas.Agent.Abi.Verdict;

namespace EbpfPersonas.Agent.Tests.Dataplane.Odd;

/// <summary>
/// The filter knows the VM's addresses as they come and go, and no one is locked out by what it does not.
/// </summary>
public sealed class LocalAddressTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Addresses_are_followed()
    {
        await using var lab = await OddLab.CreateAsync(AttachMode.Auto, OddCases.Persona);
        Assert.Contains("10.0.0.5", Known(lab));
        Assert.Contains("2001:db8::5", Known(lab));
        Assert.DoesNotContain("127.0.0.1", Known(lab));

        await lab.Vm.RunAsync("ip", "address", "add", "10.0.0.99/32", "dev", "eth0");
        await lab.Vm.RunAsync("ip", "address", "add", "2001:db8::99/128", "dev", "lo", "nodad");
        await EventuallyAsync(lab, known => known.Contains("10.0.0.99") && known.Contains("2001:db8::99"));

        // Twice there, it goes with the second.
        await lab.Vm.RunAsync("ip", "address", "add", "10.0.0.99/32", "dev", "lo");
        await lab.Vm.RunAsync("ip", "address", "del", "10.0.0.99/32", "dev", "eth0");
        await lab.Vm.RunAsync("ip", "address", "del", "2001:db8::99/128", "dev", "lo");
        await EventuallyAsync(lab, known => !known.Contains("2001:db8::99"));
        Assert.Contains("10.0.0.99", Known(lab));
        await lab.Vm.RunAsync("ip", "address", "del", "10.0.0.99/32", "dev", "lo");
        await EventuallyAsync(lab, known => !known.Contains("10.0.0.99"));
    }

    /// <summary>As when DHCP gives another address while there is no agent.</summary>
    [Theory]
    [InlineData(AttachMode.Tcx, "10.0.0.5", "10.0.0.10")]
    [InlineData(AttachMode.Tcx, "2001:db8::5", "2001:db8::10")]
    [InlineData(AttachMode.Clsact, "10.0.0.5", "10.0.0.10")]
    [InlineData(AttachMode.Clsact, "2001:db8::5", "2001:db8::10")]
    public async Task Sockets_of_the_kernels_own_stack_work_from_an_address_that_nobody_listed(
        AttachMode mode, string address, string target)
    {
        await using var lab = await OddLab.CreateAsync(mode, OddCases.Persona);
        Assert.True(lab.Dataplane.Filter.Map("local_addresses")
            .Delete(LocalAddress.From(IpAddress.Parse(address))));
        using var listener = lab.Peer.Listen(target, 7000);
        using var own = lab.Vm.Listen(address, 7001);
        using var udp = lab.Peer.BindUdp(target, 7002);

        Assert.Equal(SocketError.Success, await lab.Vm.TryConnectAsync(target, 7000, Patience));
        Assert.Equal(SocketError.Success, await lab.Peer.TryConnectAsync(address, 7001, Patience));
        using (var sender = lab.Vm.BindUdp(address, 0))
        {
            sender.SendTo(new byte[10], new IPEndPoint(IPAddress.Parse(target), 7002));
        }

        udp.ReceiveTimeout = (int)Patience.TotalMilliseconds;
        Assert.Equal(10, udp.Receive(new byte[100]));
        Assert.Equal(0UL, lab.Count(Direction.Egress, AbiVerdict.Dropped, Reason.SpoofedSource));

        // A packet socket that says the same is not believed.
        using var raw = new RawSocket(lab.Vm, await lab.Vm.InterfaceIndexAsync("eth0"));
        var frame = Frame.Build(PacketParser.Parse(
            address.Contains(':') ? $"udp local:9 > [{target}]:7003" : $"udp local:9 > {target}:7003"));
        Assert.False(raw.Send(frame, (ushort)(address.Contains(':') ? 0x86dd : 0x0800)));
        Assert.Equal(1UL, lab.Count(Direction.Egress, AbiVerdict.Dropped, Reason.SpoofedSource));
    }

    /// <summary>
    /// Sources of other hosts go through a VM that is a router; they are not its own, and need not be.
    /// </summary>
    [Theory]
    [InlineData(AttachMode.Tcx)]
    [InlineData(AttachMode.Clsact)]
    public async Task What_is_forwarded_for_others_keeps_their_source(AttachMode mode)
    {
        await using var lab = await OddLab.CreateAsync(mode, OddCases.Persona);
        var client = await lab.Lab.AddHostAsync("client", "10.9.0.2/24");
        await lab.Vm.RunAsync("ip", "address", "add", "10.9.0.1/24", "dev", "eth0");
        await lab.Vm.RunAsync("sysctl", "-qw", "net.ipv4.ip_forward=1");
        await client.RunAsync("ip", "route", "add", "10.0.0.10/32", "via", "10.9.0.1");
        using var server = lab.Peer.BindUdp("10.0.0.10", 7004);
        using var sender = client.BindUdp("10.9.0.2", 0);

        sender.SendTo(new byte[10], new IPEndPoint(IPAddress.Parse("10.0.0.10"), 7004));

        server.ReceiveTimeout = (int)Patience.TotalMilliseconds;
        Assert.Equal(10, server.Receive(new byte[100]));
        Assert.Equal(0UL, lab.Count(Direction.Egress, AbiVerdict.Dropped, Reason.SpoofedSource));
    }

    private static Task<TimeSpan> EventuallyAsync(OddLab lab, Func<List<string>, bool> condition) =>
        Eventually.TrueAsync(
        () => Task.FromResult(condition(Known(lab))), Patience, () => string.Join(' ', Known(lab)));

    private static List<string> Known(OddLab lab) =>
        [.. lab.Dataplane.Filter.Map("local_addresses").Keys<LocalAddress>()
            .Select(key => key.ToAddress().ToString()!)];
}
