using System.Net;
using System.Net.Sockets;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Network;
using Xunit;
using AbiVerdict = EbpfPersonas.Agent.Abi.Verdict;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.Agent.Tests.Dataplane.Odd;

/// <summary>Datagrams larger than the MTU, cut up and put together by real kernels.</summary>
public sealed class FragmentedDatagramTests
{
    private const int Allowed = 5000;
    private const int Denied = 5001;
    private const int Length = 6000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData(AttachMode.Tcx, Direction.Ingress, false)]
    [InlineData(AttachMode.Tcx, Direction.Ingress, true)]
    [InlineData(AttachMode.Tcx, Direction.Egress, false)]
    [InlineData(AttachMode.Tcx, Direction.Egress, true)]
    [InlineData(AttachMode.Clsact, Direction.Ingress, false)]
    [InlineData(AttachMode.Clsact, Direction.Ingress, true)]
    [InlineData(AttachMode.Clsact, Direction.Egress, false)]
    [InlineData(AttachMode.Clsact, Direction.Egress, true)]
    public async Task A_large_datagram_passes_where_its_port_is_allowed_and_no_part_of_it_elsewhere(
        AttachMode mode, Direction direction, bool isV6)
    {
        await using var lab = await OddLab.CreateAsync(mode, OnlyPort(direction));
        var (from, to) = direction == Direction.Egress ? (lab.Vm, lab.Peer) : (lab.Peer, lab.Vm);
        var target = (to == lab.Vm, isV6) switch
        {
            (true, false) => "10.0.0.5",
            (true, true) => "2001:db8::5",
            (false, false) => "10.0.0.10",
            _ => "2001:db8::10",
        };
        using var allowed = to.BindUdp(target, Allowed);
        using var denied = to.BindUdp(target, Denied);

        Send(from, target, Denied);
        Send(from, target, Allowed);

        Assert.Equal(Length, Receive(allowed, Patience));
        Assert.Equal(0, denied.Available);
        Assert.Equal(1UL, lab.Count(direction, AbiVerdict.Dropped, Reason.DefaultDeny));
        if (direction == Direction.Ingress)
        {
            // What goes out is given up with its first part.
            Assert.True(lab.Count(direction, AbiVerdict.Dropped, Reason.Fragment) >= 4);
        }
    }

    private static void Send(LabHost from, string target, int port)
    {
        var ip = IPAddress.Parse(target);
        using var socket = from.OpenSocket(ip.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.SendTo(new byte[Length], new IPEndPoint(ip, port));
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.NoBufferSpaceAvailable)
        {
            // The kernel says so where the filter dropped a part.
        }
    }

    private static int Receive(Socket socket, TimeSpan patience)
    {
        socket.ReceiveTimeout = (int)patience.TotalMilliseconds;
        return socket.Receive(new byte[65536]);
    }

    /// <summary>One UDP port.</summary>
    private static Persona OnlyPort(Direction direction) => new()
    {
        Name = "one-port",
        Revision = 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules =
        [
            new Rule
            {
                Id = "port",
                Direction = direction,
                Action = RuleAction.Allow,
                List = RuleList.FirewallRules,
                Protocol = IpProtocol.Udp,
                Ports = [new PortRange(Allowed, Allowed)],
            },
        ],
    };
}
