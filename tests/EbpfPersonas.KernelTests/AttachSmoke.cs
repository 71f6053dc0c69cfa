using System.Net;
using System.Net.Sockets;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Processes;

namespace EbpfPersonas.KernelTests;

/// <summary>
/// Real TCP over a veth pair with the filters attached each way: what a persona allows connects, what it does not
/// allow does not, what it rejects is refused, and without a persona everything connects.
/// </summary>
internal static class AttachSmoke
{
    private const string Here = "10.9.0.1";
    private const string Peer = "10.9.0.2";
    private const int AllowedPort = 3306;
    private const int OtherPort = 3307;
    private const int RejectedOutPort = 3308;
    private const int RejectedInPort = 3309;

    // Software emulation is slow; a dropped SYN is repeated after a second.
    private static readonly TimeSpan PatienceWhenAllowed = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PatienceWhenDenied = TimeSpan.FromMilliseconds(900);

    private static readonly Persona OnlyAllowedPort = new()
    {
        Name = "only_allowed_port",
        Revision = 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules =
        [
            Rule("database", Direction.Egress, RuleAction.Allow, AllowedPort, IpProtocol.Tcp),
            Rule("tcp-out", Direction.Egress, RuleAction.Reject, RejectedOutPort, IpProtocol.Tcp),
            Rule("udp-out", Direction.Egress, RuleAction.Reject, RejectedOutPort, IpProtocol.Udp),
            Rule("tcp-in", Direction.Ingress, RuleAction.Reject, RejectedInPort, IpProtocol.Tcp),
            Rule("udp-in", Direction.Ingress, RuleAction.Reject, RejectedInPort, IpProtocol.Udp),
        ],
    };

    public static void Check(Report report)
    {
        BuildAsync().GetAwaiter().GetResult();
        var here = new LabHost("here", null);
        var peer = new LabHost("peer", "peer");
        using var allowed = peer.Listen(Peer, AllowedPort);
        using var other = peer.Listen(Peer, OtherPort);
        using var rejectedOut = peer.Listen(Peer, RejectedOutPort);
        using var rejectedOutUdp = peer.BindUdp(Peer, RejectedOutPort);
        using var rejectedIn = here.Listen(Here, RejectedInPort);
        using var rejectedInUdp = here.BindUdp(Here, RejectedInPort);

        var tcx = KernelHasTcx();
        report.Check("auto attaches by " + (tcx ? "tcx" : "clsact"), () =>
        {
            using var dataplane = PersonaDataplane.Load(new DataplaneOptions { Attach = AttachMode.Auto });
            Equal(tcx ? AttachMode.Tcx : AttachMode.Clsact, dataplane.Attach());
        });
        if (tcx)
        {
            report.Check("tcx enforces a persona on real connections", () => Enforces(AttachMode.Tcx, here, peer));
        }
        else
        {
            report.Check("tcx is refused with a reason", () =>
            {
                using var dataplane = PersonaDataplane.Load(new DataplaneOptions { Attach = AttachMode.Tcx });
                try
                {
                    dataplane.Attach();
                }
                catch (BpfException)
                {
                    return;
                }

                throw new InvalidOperationException("it attached");
            });
        }

        report.Check("clsact enforces a persona on real connections", () => Enforces(AttachMode.Clsact, here, peer));
        foreach (var mode in tcx ? [AttachMode.Tcx, AttachMode.Clsact] : (AttachMode[])[AttachMode.Clsact])
        {
            report.Check($"{mode} filters are kept, taken over and removed", () => Survives(mode, here));
        }
    }

    private static void Survives(AttachMode mode, LabHost here)
    {
        var options = new DataplaneOptions { Attach = mode, LinkDirectory = "/sys/fs/bpf/links" };
        using (var first = PersonaDataplane.Load(options))
        {
            first.Apply(1, OnlyAllowedPort);
            first.Attach();
        }

        Connects(here, OtherPort, false);
        using (var next = PersonaDataplane.Load(options))
        {
            next.Apply(1, OnlyAllowedPort);
            next.Attach();
            Equal(default, next.Interfaces.Interfaces.Single().PacketsBefore);
            Connects(here, AllowedPort, true);
            Connects(here, OtherPort, false);
            next.Interfaces.Detach();
        }

        Connects(here, OtherPort, true);
        Equal(false, Directory.Exists(options.LinkDirectory));
    }

    private static void Enforces(AttachMode mode, LabHost here, LabHost peer)
    {
        using (var dataplane = PersonaDataplane.Load(new DataplaneOptions { Attach = mode }))
        {
            Equal(mode, dataplane.Attach());
            Connects(here, AllowedPort, true);
            Connects(here, OtherPort, true);
            Connects(here, RejectedOutPort, true);

            dataplane.Apply(1, OnlyAllowedPort);
            Connects(here, AllowedPort, true);
            Connects(here, OtherPort, false);
            IsRefused(here, Peer, RejectedOutPort);
            IsRefused(peer, Here, RejectedInPort);

            dataplane.Apply(2, null);
            Connects(here, OtherPort, true);

            dataplane.Apply(3, OnlyAllowedPort);
            Connects(here, OtherPort, false);
        }

        // What the filter held back passes again once it is gone.
        Connects(here, OtherPort, true);
    }

    private static void Connects(LabHost here, int port, bool expected)
    {
        var patience = expected ? PatienceWhenAllowed : PatienceWhenDenied;
        var result = here.TryConnectAsync(Peer, port, patience).GetAwaiter().GetResult();
        if (result != (expected ? SocketError.Success : SocketError.TimedOut))
        {
            throw new InvalidOperationException($"connecting to port {port}: {result}");
        }
    }

    /// <summary>Before a SYN is repeated, and a connected UDP socket likewise.</summary>
    private static void IsRefused(LabHost from, string address, int port)
    {
        Equal(
            SocketError.ConnectionRefused,
            from.TryConnectAsync(address, port, PatienceWhenDenied).GetAwaiter().GetResult());
        using var socket = from.OpenSocket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Parse(address), port);
        socket.ReceiveTimeout = (int)PatienceWhenDenied.TotalMilliseconds;
        socket.Send([1]);
        try
        {
            socket.Receive(new byte[1]);
            throw new InvalidOperationException($"port {port} answered a datagram");
        }
        catch (SocketException exception)
        {
            Equal(SocketError.ConnectionRefused, exception.SocketErrorCode);
        }
    }

    private static Rule Rule(string id, Direction direction, RuleAction action, int port, byte protocol) => new()
    {
        Id = id,
        Direction = direction,
        Action = action,
        List = RuleList.FirewallRules,
        Protocol = protocol,
        Ports = [new PortRange((ushort)port, (ushort)port)],
    };

    private static async Task BuildAsync()
    {
        string[] commands =
        [
            "netns add peer",
            "link add veth0 type veth peer name veth1 netns peer",
            "address add 10.9.0.1/24 dev veth0",
            "link set veth0 up",
            $"-n peer address add {Peer}/24 dev veth1",
            "-n peer link set veth1 up",
        ];
        foreach (var command in commands)
        {
            await RunningProcess.RunAsync("ip", command.Split(' '));
        }
    }

    /// <summary>tcx came with Linux 6.6.</summary>
    private static bool KernelHasTcx() => Environment.OSVersion.Version >= new Version(6, 6);

    private static void Equal<T>(T expected, T actual)
    {
        if (!Equals(expected, actual))
        {
            throw new InvalidOperationException($"{actual} instead of {expected}");
        }
    }
}
