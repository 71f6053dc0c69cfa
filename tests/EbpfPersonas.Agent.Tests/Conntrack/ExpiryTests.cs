using System.Diagnostics;
using System.Globalization;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Kernel;
using Xunit;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.Agent.Tests.Conntrack;

/// <summary>Flows that nothing more is heard of go by themselves; room that is taken is not given to others.</summary>
public sealed class ExpiryTests
{
    private const int Room = 1024;

    /// <summary>A second is the shortest time, a walk over a small table takes 4, and machines are slow.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly ConntrackOptions Long = new() { Flows = Room };

    private static readonly Persona Both = new()
    {
        Name = "both",
        Revision = 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules = [Allow("out", Direction.Egress), Allow("in", Direction.Ingress)],
    };

    public static TheoryData<string, string[]> Flows => new()
    {
        { "TcpEstablished", ["tcp local:40000 > 10.0.0.1:443", "tcp 10.0.0.1:443 > local:40000 flags=synack",
            "tcp local:40000 > 10.0.0.1:443 flags=ack"] },
        { "TcpClosing", ["tcp local:40000 > 10.0.0.1:443", "tcp 10.0.0.1:443 > local:40000 flags=synack",
            "tcp local:40000 > 10.0.0.1:443 flags=ack", "tcp 10.0.0.1:443 > local:40000 flags=finack"] },
        { "TcpClosed", ["tcp local:40000 > 10.0.0.1:443", "tcp 10.0.0.1:443 > local:40000 flags=synack",
            "tcp local:40000 > 10.0.0.1:443 flags=ack", "tcp 10.0.0.1:443 > local:40000 flags=finack",
            "tcp local:40000 > 10.0.0.1:443 flags=finack ack=1002"] },
        { "TcpClosed", ["tcp local:40000 > 10.0.0.1:443", "tcp 10.0.0.1:443 > local:40000 flags=synack",
            "tcp local:40000 > 10.0.0.1:443 flags=ack", "tcp 10.0.0.1:443 > local:40000 flags=rst"] },
        { "Udp", ["udp local:40000 > 10.0.0.1:443", "udp 10.0.0.1:443 > local:40000",
            "udp local:40000 > 10.0.0.1:443"] },
        { "Icmp", ["icmp local > 10.0.0.1 type=8 code=0 id=7", "icmp 10.0.0.1 > local type=0 code=0 id=7",
            "icmp local > 10.0.0.1 type=8 code=0 id=7"] },
        { "Other", ["sctp local:40000 > 10.0.0.1:443", "sctp 10.0.0.1:443 > local:40000",
            "sctp local:40000 > 10.0.0.1:443"] },
    };

    [Fact]
    public async Task The_clock_that_flows_live_by_goes_as_fast_as_time()
    {
        var (start, ticks) = (Stopwatch.GetTimestamp(), Jiffies());
        await Task.Delay(TimeSpan.FromSeconds(1));
        var counted = (Jiffies() - ticks) * KernelTick.Length;

        Assert.InRange(counted / Stopwatch.GetElapsedTime(start), 0.9, 1.1);
    }

    [Theory]
    [MemberData(nameof(Flows))]
    public async Task A_confirmed_flow_is_deleted_by_the_kernel_when_its_time_is_over(string time, string[] packets)
    {
        using var filter = Load(time switch
        {
            "TcpEstablished" => Long with { TcpEstablished = 1 },
            "TcpClosing" => Long with { TcpClosing = 1 },
            "TcpClosed" => Long with { TcpClosed = 1 },
            "Udp" => Long with { Udp = 1 },
            "Icmp" => Long with { Icmp = 1 },
            _ => Long with { Other = 1 },
        });
        using var twin = Load(Long);
        foreach (var packet in packets)
        {
            Assert.Equal("forwarded", filter.Decide(PacketParser.Parse(packet)).Verdict);
            Assert.Equal("forwarded", twin.Decide(PacketParser.Parse(packet)).Verdict);
        }

        Assert.Equal(1, Confirmed(filter));
        await Eventually.TrueAsync(
            () => Task.FromResult(Confirmed(filter) == 0), Patience, () => "the flow is gone");

        Assert.Equal(1, Confirmed(twin));
    }

    [Theory]
    [InlineData("udp local:40000 > 10.0.0.1:443", "udp 10.0.0.1:443 > local:40000")]
    [InlineData("tcp local:40000 > 10.0.0.1:443", "tcp 10.0.0.1:443 > local:40000 flags=synack")]
    public async Task An_answer_that_comes_too_late_is_no_answer(string question, string answer)
    {
        using var filter = Load(Long with { Unanswered = 1, TcpOpening = 1 });
        filter.Decide(PacketParser.Parse(question));
        Assert.Equal("established", filter.Decide(PacketParser.Parse(answer)).Reason);
        filter.Use(Both);
        filter.Decide(PacketParser.Parse(question));

        // Not sooner: the time itself is what is tested.
        await Task.Delay(TimeSpan.FromSeconds(1.1));

        Assert.Equal("dropped default_deny -", filter.Decide(PacketParser.Parse(answer)).ToString());
    }

    [Fact]
    public async Task Packets_keep_their_flow()
    {
        using var filter = Load(Long with { Udp = 2 });
        var (question, answer) = Udp(40000);
        filter.Decide(question);
        filter.Decide(answer);
        filter.Decide(question);

        for (var i = 0; i < 10; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(0.5));
            Assert.Equal("forwarded established out", filter.Decide(answer).ToString());
        }

        Assert.Equal(1, Confirmed(filter));
    }

    [Fact]
    public async Task A_full_table_refuses_new_flows_keeps_old_ones_and_has_room_after_expiry()
    {
        using var filter = Load(Long with { Udp = 3 });
        for (ushort port = 1; port <= Room; port++)
        {
            Assert.Equal("forwarded established out", Confirm(filter, (ushort)(20000 + port)));
        }

        Assert.Equal("dropped conntrack_full out", Confirm(filter, 50000));
        Assert.Equal("dropped conntrack_full out", Confirm(filter, 50001));
        Assert.Equal("forwarded established out", filter.Decide(Udp(20001).Answer).ToString());
        Assert.Equal(Room, Confirmed(filter));

        await Eventually.TrueAsync(
            () =>
            {
                filter.Decide(Udp(20001).Question);
                return Task.FromResult(Confirmed(filter) == 1);
            },
            Patience,
            () => $"all but the one that goes on have expired, not {Confirmed(filter)} left");
        Assert.Equal("forwarded established out", Confirm(filter, 50000));
    }

    [Fact]
    public void What_is_closed_makes_way_for_new_flows()
    {
        using var filter = Load(Long);
        for (var port = 0; port < Room; port++)
        {
            Assert.Equal("forwarded", Connect(filter, 20000 + port));
        }

        Assert.Equal("dropped", Connect(filter, 50000));
        for (var port = 0; port < Room; port++)
        {
            filter.Decide(PacketParser.Parse($"tcp local:{20000 + port} > 10.0.0.1:443 flags=rst"));
        }

        Assert.Equal("forwarded", Connect(filter, 50000));
    }

    [Theory]
    [InlineData("verdict", true)]
    [InlineData("flows_lru", false)]
    public void Idle_flows_are_not_given_up_for_new_ones(string program, bool keeps)
    {
        const int Idle = 100;
        using var filter = new KernelFilter(
            TestObjects.Program(program), new DataplaneOptions { Conntrack = Long });
        filter.Use(Both);
        for (var port = 0; port < Idle; port++)
        {
            Assert.Equal("forwarded", Connect(filter, 20000 + port));
        }

        for (var port = 0; port < 20 * Room; port++)
        {
            Confirm(filter, (ushort)(30000 + port));
        }

        var kept = Enumerable.Range(20000, Idle)
            .Select(port => PacketParser.Parse($"tcp local:{port} > 10.0.0.1:443"))
            .Count(packet => filter.ReadFlow(packet).Confirmed is not null);
        Assert.Equal(keeps, kept == Idle);
    }

    private static string Connect(KernelFilter filter, int port)
    {
        filter.Decide(PacketParser.Parse($"tcp local:{port} > 10.0.0.1:443"));
        filter.Decide(PacketParser.Parse($"tcp 10.0.0.1:443 > local:{port} flags=synack"));
        return filter.Decide(PacketParser.Parse($"tcp local:{port} > 10.0.0.1:443 flags=ack")).Verdict;
    }

    private static string Confirm(KernelFilter filter, ushort port)
    {
        var (question, answer) = Udp(port);
        filter.Decide(question);
        filter.Decide(answer);
        return filter.Decide(question).ToString();
    }

    private static (CasePacket Question, CasePacket Answer) Udp(ushort port) => (
        PacketParser.Parse($"udp local:{port} > 10.0.0.1:443"),
        PacketParser.Parse($"udp 10.0.0.1:443 > local:{port}"));

    private static KernelFilter Load(ConntrackOptions conntrack)
    {
        var filter = new KernelFilter(TestObjects.Program("verdict"), new DataplaneOptions { Conntrack = conntrack });
        filter.Use(Both);
        return filter;
    }

    private static int Confirmed(KernelFilter filter) =>
        filter.Dataplane.Filter.Map("flows").Keys<FlowKey>().Count();

    /// <summary>What bpf_jiffies64() gives.</summary>
    private static long Jiffies() => long.Parse(
        File.ReadLines("/proc/timer_list").First(line => line.StartsWith("jiffies:", StringComparison.Ordinal))[8..],
        CultureInfo.InvariantCulture);

    private static Rule Allow(string id, Direction direction) => new()
    {
        Id = id,
        Direction = direction,
        Action = RuleAction.Allow,
        List = RuleList.FirewallRules,
        Peers = [new Prefix(IpAddress.Parse(direction == Direction.Egress ? "10.0.0.0" : "10.0.1.0"), 24)],
    };
}
