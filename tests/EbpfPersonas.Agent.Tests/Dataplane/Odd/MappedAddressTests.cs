using System.Net;
using System.Net.Sockets;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Network;
using Xunit;
using AbiVerdict = EbpfPersonas.Agent.Abi.Verdict;
using AddressFamily = System.Net.Sockets.AddressFamily;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.Agent.Tests.Dataplane.Odd;

/// <summary>
/// IPv6 sockets that speak IPv4 (::ffff:10.0.0.10) are judged by the rules of IPv4, by the filter alone: what early
/// verdicts say of them is among their own tests.
/// </summary>
public sealed class MappedAddressTests
{
    private const int Port = 5000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(1500);

    [Theory]
    [InlineData(AttachMode.Tcx, "10.0.0.10/32", true)]
    [InlineData(AttachMode.Tcx, "10.0.0.11/32", false)]
    [InlineData(AttachMode.Tcx, "::/0", false)]
    [InlineData(AttachMode.Clsact, "10.0.0.10/32", true)]
    [InlineData(AttachMode.Clsact, "10.0.0.11/32", false)]
    [InlineData(AttachMode.Clsact, "::/0", false)]
    public async Task A_socket_of_both_families_is_judged_by_the_rules_of_ipv4(
        AttachMode mode, string peer, bool passes)
    {
        await using var lab = await OddLab.CreateAsync(mode, Only(peer));
        using var far = lab.Peer.Listen("10.0.0.10", Port);
        using var farDatagrams = lab.Peer.BindUdp("10.0.0.10", Port);
        using var near = OpenBoth(lab.Vm, SocketType.Stream, ProtocolType.Tcp);
        near.Bind(new IPEndPoint(IPAddress.IPv6Any, Port));
        near.Listen(8);
        var expected = passes ? SocketError.Success : SocketError.TimedOut;

        Assert.Equal(expected, await ConnectAsync(lab.Vm, passes ? Patience : Window));
        Assert.Equal(expected, await lab.Peer.TryConnectAsync("10.0.0.5", Port, passes ? Patience : Window));
        using var datagrams = OpenBoth(lab.Vm, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            datagrams.SendTo(new byte[10], new IPEndPoint(IPAddress.Parse("::ffff:10.0.0.10"), Port));
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AccessDenied)
        {
            // The kernel may say where the filter dropped it.
        }

        Assert.Equal(passes, farDatagrams.Poll(passes ? Patience : Window, SelectMode.SelectRead));
        Assert.Equal(passes, lab.Count(Direction.Egress, AbiVerdict.Dropped, Reason.DefaultDeny) == 0);
        Assert.Equal(passes, lab.Count(Direction.Ingress, AbiVerdict.Dropped, Reason.DefaultDeny) == 0);
    }

    /// <summary>And the other way round: a rule of IPv4 opens nothing of IPv6.</summary>
    [Theory]
    [InlineData(AttachMode.Tcx)]
    [InlineData(AttachMode.Clsact)]
    public async Task A_rule_of_ipv4_says_nothing_of_ipv6(AttachMode mode)
    {
        await using var lab = await OddLab.CreateAsync(mode, Only("0.0.0.0/0"));
        using var ipv4 = lab.Peer.Listen("10.0.0.10", Port);
        using var ipv6 = lab.Peer.Listen("2001:db8::10", Port);

        Assert.Equal(SocketError.Success, await lab.Vm.TryConnectAsync("10.0.0.10", Port, Patience));
        Assert.Equal(SocketError.TimedOut, await lab.Vm.TryConnectAsync("2001:db8::10", Port, Window));
    }

    private static async Task<SocketError> ConnectAsync(LabHost from, TimeSpan timeout)
    {
        using var socket = OpenBoth(from, SocketType.Stream, ProtocolType.Tcp);
        using var deadline = new CancellationTokenSource(timeout);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse("::ffff:10.0.0.10"), Port), deadline.Token);
            return SocketError.Success;
        }
        catch (OperationCanceledException)
        {
            return SocketError.TimedOut;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode;
        }
    }

    private static Socket OpenBoth(LabHost host, SocketType type, ProtocolType protocol)
    {
        var socket = host.OpenSocket(AddressFamily.InterNetworkV6, type, protocol);
        socket.DualMode = true;
        return socket;
    }

    private static Persona Only(string peer) => new()
    {
        Name = "one-peer",
        Revision = 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules = [Allow(Direction.Ingress, peer), Allow(Direction.Egress, peer)],
    };

    private static Rule Allow(Direction direction, string peer)
    {
        var parts = peer.Split('/');
        return new Rule
        {
            Id = direction.ToString(),
            Direction = direction,
            Action = RuleAction.Allow,
            List = RuleList.FirewallRules,
            Protocol = null,
            Peers = [new Prefix(IpAddress.Parse(parts[0]), int.Parse(parts[1]))],
        };
    }
}
