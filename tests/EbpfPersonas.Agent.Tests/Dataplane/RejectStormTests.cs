using System.Diagnostics;
using System.Net.Sockets;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Network;
using Xunit;
using Xunit.Abstractions;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>A flood of packets that are rejected is no flood of answers, and nothing of it passes.</summary>
public sealed class RejectStormTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int FloodMin = 5000;
    private const int Rate = 10;
    private const int Burst = 20;

    /// <summary>The coarse clock of the bucket advances with the timer interrupt, every 10 ms at the slowest.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan FloodTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly Persona RejectEverything = new()
    {
        Name = "reject-everything",
        Revision = 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules =
        [
            Reject(Direction.Ingress),
            Reject(Direction.Egress),
        ],
    };

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

    [Theory]
    [InlineData("udp 10.0.0.10:40000 > local:5001 payload=100")]
    [InlineData("tcp 10.0.0.10:40000 > local:5001")]
    [InlineData("udp local:40000 > 10.0.0.10:5001 payload=100")]
    [InlineData("tcp local:40000 > 10.0.0.10:5001")]
    public async Task Answers_to_a_flood_are_burst_and_rate_and_no_more(string packet)
    {
        var (answers, bound) = await AnswersToFloodAsync(BpfImages.Filter(), packet);

        // And no less, or the limit would be another: the burst, and half of what the rate gives in that time.
        Assert.InRange(answers, Burst + (int)(Rate * FloodTime.TotalSeconds / 2), bound);
    }

    [Theory]
    [InlineData("udp 10.0.0.10:40000 > local:5001 payload=100")]
    [InlineData("tcp local:40000 > 10.0.0.10:5001")]
    public async Task A_filter_without_limit_is_caught(string packet)
    {
        var (answers, bound) = await AnswersToFloodAsync(TestObjects.Program("limit_removed"), packet);

        Assert.True(answers > bound, $"{answers} answers, and {bound} are allowed");
    }

    /// <summary>
    /// Sends the packet over and over; gives the answers that the sender's stack saw, and how many the limit allows in
    /// the time that it took.
    /// </summary>
    private async Task<(int Answers, int Bound)> AnswersToFloodAsync(byte[] filter, string line)
    {
        var packet = PacketParser.Parse(line);
        var direction = packet.Direction == Direction.Egress ? PacketDirection.Egress : PacketDirection.Ingress;
        var (from, to) = packet.Direction == Direction.Egress ? (_vm, _peer) : (_peer, _vm);
        var isTcp = packet.Protocol == IpProtocol.Tcp;
        using var dataplane = Attach(filter);
        using var target = to.BindUdp("0.0.0.0", 5001);
        using var sender = new RawSocket(from, await from.InterfaceIndexAsync("eth0"));
        using var hears = from.OpenSocket(
            System.Net.Sockets.AddressFamily.InterNetwork,
            SocketType.Raw,
            isTcp ? ProtocolType.Tcp : ProtocolType.Icmp);
        var frame = Frame.Build(packet);
        (await to.HardwareAddressAsync("eth0")).CopyTo(frame, 0);
        (await from.HardwareAddressAsync("eth0")).CopyTo(frame, 6);

        // The frame is right: without a persona it arrives.
        sender.Send(frame, 0x0800);
        if (!isTcp)
        {
            Assert.True(target.Poll(Patience, SelectMode.SelectRead));
            target.Receive(new byte[200]);
        }

        await Task.Delay(100);
        CountAnswers(hears, isTcp);
        dataplane.Apply(1, RejectEverything);
        var watch = Stopwatch.StartNew();
        var sent = 0ul;
        for (; sent < FloodMin || watch.Elapsed < FloodTime; sent++)
        {
            sender.Send(frame, 0x0800);
        }

        await Eventually.TrueAsync(
            () => Task.FromResult(Stopped(Verdict.Rejected) + Stopped(Verdict.Dropped) >= sent), Patience,
            () => $"{sent} packets are stopped, not {Stopped(Verdict.Rejected)} + {Stopped(Verdict.Dropped)}");
        watch.Stop();
        var bound = Burst + (int)(Rate * (watch.Elapsed + Tick).TotalSeconds);
        var told = (int)Stopped(Verdict.Rejected);
        var answers = 0;
        await Eventually.TrueAsync(
            () => Task.FromResult((answers += CountAnswers(hears, isTcp)) >= Math.Min(told, bound + 1)), Patience,
            () => $"{told} answers are heard, not {answers}");
        await Task.Delay(100);
        answers += CountAnswers(hears, isTcp);

        Assert.Equal(sent, Stopped(Verdict.Rejected) + Stopped(Verdict.Dropped));
        Assert.False(target.Poll(TimeSpan.Zero, SelectMode.SelectRead), "a rejected packet arrived");
        if (told <= bound)
        {
            // As many as were counted; where there are more, the socket's buffer may not have held them.
            Assert.Equal(told, answers);
        }

        output.WriteLine(
            $"{told} of {sent} answered, {answers} heard, in {watch.ElapsedMilliseconds} ms; limit {bound}");

        // And the limit shuts nobody out for ever.
        await Task.Delay(TimeSpan.FromSeconds(2.0 / Rate));
        sender.Send(frame, 0x0800);
        await Eventually.TrueAsync(
            () => Task.FromResult(Stopped(Verdict.Rejected) == (ulong)told + 1), Patience,
            () => "a packet after the flood is answered again");
        return (answers, bound);

        // The first datagram of the flood belongs to the flow of the one that arrived.
        ulong Stopped(Verdict verdict) => Count(dataplane, direction, verdict, Reason.DeniedRule)
            + Count(dataplane, direction, verdict, Reason.PersonaSwitch);
    }

    /// <summary>Resets or ICMP errors that a raw socket has received; IPv4 hands over the IP header as well.</summary>
    private static int CountAnswers(Socket hears, bool isTcp)
    {
        var packet = new byte[2048];
        var count = 0;
        while (hears.Poll(TimeSpan.Zero, SelectMode.SelectRead))
        {
            hears.Receive(packet);
            count += (isTcp ? (packet[33] & 4) != 0 : packet[20] == 3) ? 1 : 0;
        }

        return count;
    }

    private PersonaDataplane Attach(byte[] filter) => _vm.RunInside(() =>
    {
        var loaded = PersonaDataplane.Load(
            new DataplaneOptions { FilterImage = filter, RejectRate = Rate, RejectBurst = Burst });
        loaded.Attach();
        return loaded;
    });

    private static ulong Count(PersonaDataplane dataplane, PacketDirection direction, Verdict verdict, Reason reason) =>
        dataplane.ReadCounters().Verdicts
            .GetValueOrDefault(new VerdictKey(RejectEverything.Name, direction, verdict, reason)).Packets;

    private static Rule Reject(Direction direction) => new()
    {
        Id = direction.ToString(),
        Direction = direction,
        Action = RuleAction.Reject,
        List = RuleList.FirewallRules,
    };
}
