using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Network;
using Xunit;
using Xunit.Abstractions;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>
/// Real clients are told at once that a rule rejects them, under a persona that denies everything else, so that the
/// answer itself would not pass if it were judged.
/// </summary>
public sealed class RejectTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Allowed = 5000;
    private const int Rejected = 5001;
    private const int Denied = 5002;

    /// <summary>Linux repeats a SYN after 1 s (RFC 6298): what comes by then is no answer to a repetition.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(900);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private Lab _lab = null!;
    private LabHost _vm = null!;
    private LabHost _peer = null!;

    public static TheoryData<AttachMode, bool, Direction> Ways => new()
    {
        { AttachMode.Tcx, false, Direction.Ingress }, { AttachMode.Tcx, false, Direction.Egress },
        { AttachMode.Tcx, true, Direction.Ingress }, { AttachMode.Tcx, true, Direction.Egress },
        { AttachMode.Clsact, false, Direction.Ingress }, { AttachMode.Clsact, false, Direction.Egress },
        { AttachMode.Clsact, true, Direction.Ingress }, { AttachMode.Clsact, true, Direction.Egress },
    };

    public async Task InitializeAsync()
    {
        _lab = await Lab.CreateAsync();
        _vm = await _lab.AddHostAsync("vm", "10.0.0.5/24", "2001:db8::5/64");
        _peer = await _lab.AddHostAsync("peer", "10.0.0.10/24", "2001:db8::10/64");
    }

    public Task DisposeAsync() => _lab.DisposeAsync().AsTask();

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Clients_are_refused_at_once(AttachMode mode, bool isV6, Direction direction) =>
        Assert.Empty(await NotToldAsync(BpfImages.Filter(), mode, isV6, direction));

    // What comes in over a veth pair has no checksum yet; what goes out must have its own all the same.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Checksums_of_answers_are_their_own_where_the_device_fills_in_none(bool isV6)
    {
        Offload.TurnChecksumsOff(_vm, "eth0");
        Assert.Empty(await NotToldAsync(BpfImages.Filter(), AttachMode.Auto, isV6, Direction.Ingress));
    }

    [Theory]
    [InlineData(Direction.Ingress)]
    [InlineData(Direction.Egress)]
    public async Task A_filter_that_judges_its_own_answers_is_caught(Direction direction) =>
        Assert.Equal(
            ["TCP: TimedOut", "UDP: TimedOut"],
            await NotToldAsync(TestObjects.Program("answers_judged"), AttachMode.Tcx, false, direction));

    [Theory]
    [InlineData(false, Direction.Ingress)]
    [InlineData(false, Direction.Egress)]
    [InlineData(true, Direction.Ingress)]
    [InlineData(true, Direction.Egress)]
    public async Task A_connection_in_full_flow_is_reset_when_the_next_persona_rejects_it(
        bool isV6, Direction sender)
    {
        using var dataplane = Attach(BpfImages.Filter(), AttachMode.Auto);
        dataplane.Apply(1, Strict(Allowed, Rejected));
        var (from, to) = sender == Direction.Egress ? (_vm, _peer) : (_peer, _vm);
        var target = Address(to, isV6);
        using var listener = to.Listen(target, Allowed);
        using var client = await from.ConnectAsync(target, Allowed, Patience);
        using var server = await listener.AcceptAsync();
        var sent = 0L;
        var flood = Task.Run(() =>
        {
            // Much at once, so that the stack makes packets larger than the MTU of it.
            var data = new byte[1 << 18];
            while (true)
            {
                Interlocked.Add(ref sent, client.Send(data));
            }
        });
        var drain = Task.Run(() =>
        {
            var data = new byte[1 << 18];
            while (server.Receive(data) > 0)
            {
            }
        });
        Assert.True(SpinWait.SpinUntil(() => Interlocked.Read(ref sent) > 1 << 22, Patience), "data flow");

        dataplane.Apply(2, Strict(allowed: Rejected, rejected: Allowed));

        var reset = await Assert.ThrowsAsync<SocketException>(() => flood.WaitAsync(Patience));
        // Once in many runs the sender hears EPIPE, not ECONNRESET. Without a reset it would hear nothing.
        Assert.True(reset.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown, reset.Message);
        // Which end's packet comes first after the switch is chance.
        Assert.NotEqual(
            0u,
            Count(dataplane, Direction.Ingress, Verdict.Rejected, Reason.PersonaSwitch)
                + Count(dataplane, Direction.Egress, Verdict.Rejected, Reason.PersonaSwitch));
        server.Dispose();
        await Record.ExceptionAsync(() => drain.WaitAsync(Patience));
    }

    /// <summary>The clients of a rejected port that were not told so at once, each in words.</summary>
    private async Task<List<string>> NotToldAsync(byte[] filter, AttachMode mode, bool isV6, Direction direction)
    {
        var (from, to) = direction == Direction.Egress ? (_vm, _peer) : (_peer, _vm);
        var target = Address(to, isV6);
        using var dataplane = Attach(filter, mode);
        using var allowed = to.Listen(target, Allowed);
        using var rejected = to.Listen(target, Rejected);
        using var denied = to.Listen(target, Denied);
        using var allowedUdp = to.BindUdp(target, Allowed);
        using var rejectedUdp = to.BindUdp(target, Rejected);

        // Without a persona everything is reached, so that what is refused later is refused by the persona.
        Assert.Equal(SocketError.Success, await from.TryConnectAsync(target, Rejected, Patience));
        Assert.Equal(SocketError.Success, await from.TryConnectAsync(target, Denied, Patience));
        Assert.Equal(SocketError.TimedOut, TrySend(from, target, Rejected, AtOnce));
        Assert.True(rejectedUdp.Poll(Patience, SelectMode.SelectRead));
        rejectedUdp.Receive(new byte[10]);
        dataplane.Apply(1, Strict(Allowed, Rejected));

        Assert.Equal(SocketError.Success, await from.TryConnectAsync(target, Allowed, Patience));
        Assert.Equal(SocketError.TimedOut, await from.TryConnectAsync(target, Denied, AtOnce));
        Assert.Equal(SocketError.TimedOut, TrySend(from, target, Allowed, AtOnce));
        Assert.True(allowedUdp.Poll(Patience, SelectMode.SelectRead));
        var notTold = new List<string>();
        var watch = Stopwatch.StartNew();
        Note("TCP", await from.TryConnectAsync(target, Rejected, AtOnce));
        Note("UDP", TrySend(from, target, Rejected, AtOnce));
        Assert.False(rejectedUdp.Poll(TimeSpan.Zero, SelectMode.SelectRead), "a rejected datagram arrived");
        if (notTold.Count == 0)
        {
            Assert.Equal(2u, Count(dataplane, direction, Verdict.Rejected, Reason.DeniedRule));
            Assert.Empty(Stopped(dataplane, direction == Direction.Egress ? Direction.Ingress : Direction.Egress));
        }

        return notTold;

        void Note(string client, SocketError result)
        {
            output.WriteLine($"{client}: {result} after {watch.Elapsed.TotalMilliseconds:0.0} ms");
            watch.Restart();
            if (result != SocketError.ConnectionRefused)
            {
                notTold.Add($"{client}: {result}");
                foreach (var (key, counted) in dataplane.ReadCounters().Verdicts)
                {
                    output.WriteLine($"  {key}: {counted.Packets} packets");
                }
            }
        }
    }

    /// <summary>
    /// Sends a datagram from a connected socket; gives the error that the socket is told within
    /// <paramref name="wait"/>, TimedOut for none.
    /// </summary>
    private static SocketError TrySend(LabHost from, string target, int port, TimeSpan wait)
    {
        var ip = IPAddress.Parse(target);
        using var socket = from.OpenSocket(ip.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(new IPEndPoint(ip, port));
        socket.ReceiveTimeout = (int)wait.TotalMilliseconds;
        socket.Send(new byte[10]);
        return Assert.Throws<SocketException>(() => socket.Receive(new byte[10])).SocketErrorCode;
    }

    private PersonaDataplane Attach(byte[] filter, AttachMode mode) => _vm.RunInside(() =>
    {
        var loaded = PersonaDataplane.Load(new DataplaneOptions { FilterImage = filter, Attach = mode });
        loaded.Attach();
        return loaded;
    });

    private string Address(LabHost host, bool isV6) =>
        (host == _vm, isV6) switch
        {
            (true, false) => "10.0.0.5",
            (true, true) => "2001:db8::5",
            (false, false) => "10.0.0.10",
            _ => "2001:db8::10",
        };

    private static ulong Count(PersonaDataplane dataplane, Direction direction, Verdict verdict, Reason reason) =>
        dataplane.ReadCounters().Verdicts
            .Where(entry => entry.Key.Direction == Way(direction) && entry.Key.Verdict == verdict
                && entry.Key.Reason == reason)
            .Aggregate(0ul, (sum, entry) => sum + entry.Value.Packets);

    /// <summary>What did not pass in a direction.</summary>
    private static IEnumerable<VerdictKey> Stopped(PersonaDataplane dataplane, Direction direction) =>
        dataplane.ReadCounters().Verdicts.Keys.Where(key =>
            key.Direction == Way(direction) && key.Verdict is Verdict.Dropped or Verdict.Rejected);

    private static PacketDirection Way(Direction direction) =>
        direction == Direction.Egress ? PacketDirection.Egress : PacketDirection.Ingress;

    /// <summary>Allows one port of TCP and UDP both ways, rejects another, and denies the rest.</summary>
    internal static Persona Strict(int allowed, int rejected) => new()
    {
        Name = "strict",
        Revision = 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules =
        [
            .. from direction in new[] { Direction.Ingress, Direction.Egress }
               from protocol in new[] { IpProtocol.Tcp, IpProtocol.Udp }
               from rule in new[]
               {
                   (Port: allowed, Action: RuleAction.Allow), (Port: rejected, Action: RuleAction.Reject),
               }
               select new Rule
               {
                   Id = $"{rule.Action}-{direction}-{protocol}",
                   Direction = direction,
                   Action = rule.Action,
                   List = RuleList.FirewallRules,
                   Protocol = protocol,
                   Ports = [new PortRange((ushort)rule.Port, (ushort)rule.Port)],
               },
        ],
    };
}
