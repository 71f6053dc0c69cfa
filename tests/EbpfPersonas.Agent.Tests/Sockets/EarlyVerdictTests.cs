using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Activity;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Processes;
using Xunit;
using AddressFamily = System.Net.Sockets.AddressFamily;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.Agent.Tests.Sockets;

/// <summary>Real sockets of a cgroup whose persona is enforced in one namespace.</summary>
public sealed class EarlyVerdictTests : IAsyncLifetime
{
    private const ushort AllowedPort = 3306;
    private const ushort DeniedPort = 3307;
    private const ushort ServerPort = 5000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Before a SYN is repeated for the first time.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(900);

    /// <summary>Nothing goes out but to the allowed port, nothing comes in but to the server from one peer.</summary>
    private static readonly Persona Narrow = new()
    {
        Name = "narrow",
        Revision = 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules =
        [
            Allow("out", Direction.Egress, AllowedPort),
            Allow("in", Direction.Ingress, ServerPort) with
            {
                Protocol = IpProtocol.Udp,
                Peers = [Host("10.0.0.10"), Host("2001:db8::10")],
            },
        ],
    };

    private static readonly Persona Nothing = Narrow with { Name = "nothing", Rules = [] };

    private readonly TestCgroup _cgroup = TestCgroup.Create();
    private Lab _lab = null!;
    private LabHost _vm = null!;
    private LabHost _peer = null!;
    private PersonaDataplane _dataplane = null!;
    private SocketHooks _hooks = null!;

    /// <summary>Family of the socket, and the peer's address as it is given to it.</summary>
    public static TheoryData<AddressFamily, string> Peers => new()
    {
        { AddressFamily.InterNetwork, "10.0.0.10" },
        { AddressFamily.InterNetworkV6, "2001:db8::10" },
        { AddressFamily.InterNetworkV6, "::ffff:10.0.0.10" },
    };

    public async Task InitializeAsync()
    {
        _lab = await Lab.CreateAsync();
        _vm = await _lab.AddHostAsync("vm", "10.0.0.5/24", "2001:db8::5/64");
        _peer = await _lab.AddHostAsync("peer", "10.0.0.10/24", "10.0.0.11/24", "2001:db8::10/64");
        _dataplane = _vm.RunInside(() => PersonaDataplane.Load(new DataplaneOptions()));
        _vm.RunInside(_dataplane.Attach);
        _hooks = new SocketHooks(_dataplane.Filter, _vm.RunInside(NetworkNamespace.ReadCookie));
        _hooks.Attach(_cgroup.Folder);
        _dataplane.Apply(1, Narrow);
    }

    public async Task DisposeAsync()
    {
        _hooks.Dispose();
        _dataplane.Dispose();
        await _cgroup.DisposeAsync();
        await _lab.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public void A_tcp_connection_that_is_denied_fails_at_once_and_one_that_is_allowed_does_not(
        AddressFamily family, string address)
    {
        using var allowed = _peer.Listen(Plain(address), AllowedPort);
        using var denied = _peer.Listen(Plain(address), DeniedPort);

        Assert.Equal(SocketError.Success, Connect(family, SocketType.Stream, ProtocolType.Tcp, address, AllowedPort));
        Assert.Equal(
            SocketError.AccessDenied, Connect(family, SocketType.Stream, ProtocolType.Tcp, address, DeniedPort));
        Assert.Equal([(SocketHook.Connect, 1ul), (SocketHook.Sendmsg, 0ul)], _hooks.ReadDenials());
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public void A_datagram_that_is_denied_fails_at_once_and_one_that_is_allowed_arrives(
        AddressFamily family, string address)
    {
        using var receiver = _peer.BindUdp(Plain(address), AllowedPort);
        using var socket = Open(family, SocketType.Dgram, ProtocolType.Udp);

        Assert.Equal(SocketError.Success, Send(socket, address, AllowedPort));
        Assert.True(receiver.Poll(Patience, SelectMode.SelectRead));
        Assert.Equal(SocketError.AccessDenied, Send(socket, address, DeniedPort));
        Assert.Equal(SocketError.AccessDenied, SendGathered(socket, address, DeniedPort));
        Assert.Equal(
            SocketError.AccessDenied, Connect(family, SocketType.Dgram, ProtocolType.Udp, address, DeniedPort));
        Assert.Equal(SocketError.Success, Connect(family, SocketType.Dgram, ProtocolType.Udp, address, AllowedPort));
        Assert.Equal([(SocketHook.Connect, 1ul), (SocketHook.Sendmsg, 2ul)], _hooks.ReadDenials());
    }

    [Fact]
    public void Whoever_asks_for_the_route_alone_is_not_refused()
    {
        _dataplane.Apply(2, Nothing);
        using var socket = Open(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

        // As getaddrinfo(3) does, to sort addresses by where they would be sent from.
        socket.Connect(new IPEndPoint(IPAddress.Parse("10.0.0.10"), 0));

        Assert.Equal(IPAddress.Parse("10.0.0.5"), Assert.IsType<IPEndPoint>(socket.LocalEndPoint).Address);
    }

    [Theory]
    [InlineData("10.0.0.10", "10.0.0.5")]
    [InlineData("2001:db8::10", "2001:db8::5")]
    public void A_server_answers_the_client_that_may_come_in_though_nothing_may_go_out(string client, string server)
    {
        using var answering = Bind(server, ServerPort);
        using var asking = _peer.BindUdp(client, 40000);
        asking.SendTo([1], new IPEndPoint(IPAddress.Parse(server), ServerPort));
        Assert.True(answering.Poll(Patience, SelectMode.SelectRead));

        Assert.Equal(SocketError.Success, Send(answering, client, 40000));

        Assert.True(asking.Poll(Patience, SelectMode.SelectRead), "the answer arrives");
        // What is no answer is refused by the same socket, and by another one to the same client.
        Assert.Equal(
            SocketError.AccessDenied, Send(answering, server.Contains(':') ? "2001:db8::11" : "10.0.0.11", 40000));
        using var other = Bind(server, ServerPort + 1);
        Assert.Equal(SocketError.AccessDenied, Send(other, client, 40000));
        answering.Connect(new IPEndPoint(IPAddress.Parse(client), 40000));
        answering.Send([1]);
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork, "127.0.0.1", "127.0.0.1")]
    [InlineData(AddressFamily.InterNetwork, "127.0.0.2", "127.0.0.2")]
    [InlineData(AddressFamily.InterNetwork, "127.0.0.1", "0.0.0.0")]
    [InlineData(AddressFamily.InterNetwork, "10.0.0.5", "10.0.0.5")]
    [InlineData(AddressFamily.InterNetwork, "10.0.0.6", "10.0.0.6")]
    [InlineData(AddressFamily.InterNetwork, "10.99.0.7", "10.99.0.7")]
    [InlineData(AddressFamily.InterNetworkV6, "::1", "::1")]
    [InlineData(AddressFamily.InterNetworkV6, "::1", "::")]
    [InlineData(AddressFamily.InterNetworkV6, "2001:db8::5", "2001:db8::5")]
    [InlineData(AddressFamily.InterNetworkV6, "10.0.0.5", "::ffff:10.0.0.5")]
    [InlineData(AddressFamily.InterNetworkV6, "127.0.0.1", "::ffff:127.0.0.1")]
    public async Task What_stays_inside_the_vm_is_nobodys_business(AddressFamily family, string listen, string address)
    {
        await _vm.RunAsync("ip", "address", "add", "10.0.0.6/24", "dev", "eth0");
        await _vm.RunAsync("ip", "address", "add", "10.99.0.1/16", "dev", "lo");
        _dataplane.Apply(2, Nothing);
        using var listener = _vm.Listen(listen, DeniedPort);
        using var receiver = _vm.BindUdp(listen, DeniedPort);

        Assert.Equal(SocketError.Success, Connect(family, SocketType.Stream, ProtocolType.Tcp, address, DeniedPort));
        using var socket = Open(family, SocketType.Dgram, ProtocolType.Udp);
        Assert.Equal(SocketError.Success, Send(socket, address, DeniedPort));
        Assert.True(receiver.Poll(Patience, SelectMode.SelectRead));
    }

    [Fact]
    public void Switches_change_the_answer()
    {
        using var listener = _peer.Listen("10.0.0.10", AllowedPort);

        Assert.Equal(SocketError.Success, ConnectTcp(AllowedPort));
        _dataplane.Apply(2, Nothing);
        Assert.Equal(SocketError.AccessDenied, ConnectTcp(AllowedPort));
        _dataplane.Apply(3, Nothing with { Mode = EnforcementMode.Audit });
        Assert.Equal(SocketError.Success, ConnectTcp(AllowedPort));
        _dataplane.Apply(4, Nothing with { DefaultEgress = RuleAction.Reject });
        Assert.Equal(SocketError.AccessDenied, ConnectTcp(AllowedPort));
        _dataplane.Apply(5, null);
        Assert.Equal(SocketError.Success, ConnectTcp(AllowedPort));
    }

    [Fact]
    public void What_the_failsafe_lets_pass_is_not_refused()
    {
        using var listener = _peer.Listen("10.0.0.10", AllowedPort);
        _dataplane.Apply(2, Nothing);
        _dataplane.SetFailsafe(
            [
                new FailsafeFlow(
                    Direction.Egress, IpProtocol.Tcp, Host("10.0.0.10"), new PortRange(AllowedPort, AllowedPort)),
            ]);

        Assert.Equal(SocketError.Success, ConnectTcp(AllowedPort));
        Assert.Equal(SocketError.AccessDenied, ConnectTcp(DeniedPort));
        // A DHCP client, from its own port alone.
        using var dhcp = Bind("10.0.0.5", 68);
        Assert.Equal(SocketError.Success, Send(dhcp, "10.0.0.10", 67));
        Assert.Equal(SocketError.AccessDenied, Send(dhcp, "10.0.0.10", 66));
    }

    [Fact]
    public void A_persona_that_keeps_established_flows_refuses_no_datagram_but_new_connections()
    {
        _dataplane.Apply(2, Nothing with { KeepEstablished = true });
        using var socket = Open(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

        Assert.Equal(SocketError.Success, Send(socket, "10.0.0.10", DeniedPort));
        Assert.Equal(SocketError.AccessDenied, ConnectTcp(DeniedPort));
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork, ProtocolType.Icmp, "10.0.0.10")]
    [InlineData(AddressFamily.InterNetworkV6, ProtocolType.IcmpV6, "2001:db8::10")]
    public async Task A_ping_socket_is_asked_for_echo_requests(
        AddressFamily family, ProtocolType protocol, string address)
    {
        await _vm.RunAsync("sysctl", "-qw", "net.ipv4.ping_group_range=0 0");

        Assert.Equal(SocketError.AccessDenied, Connect(family, SocketType.Dgram, protocol, address, 0));
        _dataplane.Apply(
            2,
            Nothing with
            {
                Rules =
                [
                    Allow("ping", Direction.Egress, 0) with
                    {
                        Protocol = (byte)protocol,
                        Ports = [],
                        Icmp = new IcmpMatch((byte)(protocol == ProtocolType.Icmp ? 8 : 128), null),
                    },
                ],
            });
        Assert.Equal(SocketError.Success, Connect(family, SocketType.Dgram, protocol, address, 0));
    }

    [Fact]
    public async Task Other_namespaces_of_the_cgroup_and_other_cgroups_of_the_namespace_are_left_alone()
    {
        using var elsewhere = _cgroup.RunInside(() =>
            _peer.OpenSocket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        Assert.Equal(SocketError.Success, Send(elsewhere, "10.0.0.5", DeniedPort));
        Assert.Equal(SocketError.AccessDenied, ConnectTcp(DeniedPort));
        // Outside of the cgroup nobody is told, and yet nothing passes.
        using var listener = _peer.Listen("10.0.0.10", DeniedPort);
        Assert.Equal(SocketError.TimedOut, await _vm.TryConnectAsync("10.0.0.10", DeniedPort, AtOnce));
    }

    [Fact]
    public async Task Without_the_hooks_the_filter_stops_the_same_by_itself()
    {
        using var listener = _peer.Listen("10.0.0.10", DeniedPort);
        Assert.Equal(SocketError.AccessDenied, ConnectTcp(DeniedPort));

        _hooks.Dispose();

        Assert.False(_hooks.Attached);
        Assert.Equal(SocketError.TimedOut, await _vm.TryConnectAsync("10.0.0.10", DeniedPort, AtOnce));
        Assert.Equal([(SocketHook.Connect, 1ul), (SocketHook.Sendmsg, 0ul)], _hooks.ReadDenials());
    }

    [Theory]
    [InlineData("/proc")]
    [InlineData("/nonexistent")]
    public void What_is_no_cgroup_is_refused_and_nothing_stays_attached(string folder)
    {
        using var hooks = new SocketHooks(_dataplane.Filter, 1);

        Assert.Throws<BpfException>(() => hooks.Attach(folder));
        Assert.False(hooks.Attached);
    }

    [Fact]
    public void The_root_of_the_hierarchy_is_found_among_the_mounts() =>
        Assert.Equal(
            ("/sys/fs/cgroup", "/a b", null),
            (CgroupFolder.FindRoot(["proc /proc proc rw 0 0", "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0"]),
                CgroupFolder.FindRoot(["cgroup /cpu cgroup rw,cpu 0 0", @"none /a\040b cgroup2 rw 0 0"]),
                CgroupFolder.FindRoot(["cgroup2 /cpu cgroup rw,cpu 0 0"])));

    /// <summary>A socket of the VM and the cgroup.</summary>
    private Socket Open(AddressFamily family, SocketType type, ProtocolType protocol) =>
        _cgroup.RunInside(() => _vm.OpenSocket(family, type, protocol));

    private Socket Bind(string address, int port) => _cgroup.RunInside(() => _vm.BindUdp(address, port));

    private SocketError ConnectTcp(int port) =>
        Connect(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp, "10.0.0.10", port);

    /// <summary>Throws where the answer takes longer than a program would notice.</summary>
    private SocketError Connect(AddressFamily family, SocketType type, ProtocolType protocol, string address, int port)
    {
        using var socket = Open(family, type, protocol);
        var start = Stopwatch.GetTimestamp();
        var error = Error(() => socket.Connect(new IPEndPoint(IPAddress.Parse(address), port)));
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, AtOnce);
        return error;
    }

    /// <summary>sendto(2).</summary>
    private static SocketError Send(Socket socket, string address, int port) =>
        Error(() => socket.SendTo([1], new IPEndPoint(IPAddress.Parse(address), port)));

    /// <summary>sendmsg(2), of two buffers.</summary>
    private static SocketError SendGathered(Socket socket, string address, int port)
    {
        using var sent = new ManualResetEventSlim();
        using var arguments = new SocketAsyncEventArgs
        {
            RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), port),
            BufferList = [new byte[1], new byte[1]],
        };
        arguments.Completed += (_, _) => sent.Set();
        if (socket.SendToAsync(arguments))
        {
            Assert.True(sent.Wait(Patience));
        }

        return arguments.SocketError;
    }

    private static SocketError Error(Action action)
    {
        try
        {
            action();
            return SocketError.Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }

    /// <summary>Where the packets go.</summary>
    private static string Plain(string address) => address.Replace("::ffff:", "", StringComparison.Ordinal);

    private static Prefix Host(string address) => new(IpAddress.Parse(address), address.Contains(':') ? 128 : 32);

    private static Rule Allow(string id, Direction direction, ushort port) => new()
    {
        Id = id,
        Direction = direction,
        Action = RuleAction.Allow,
        List = RuleList.Allowed,
        Ports = [new PortRange(port, port)],
    };
}
