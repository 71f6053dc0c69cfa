using System.Net;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Processes;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>
/// What rules count is exact, and belongs to the rule's name: whoever else is published, moved, retired or removed.
/// </summary>
public sealed class RuleCounterTests
{
    private const int Revisions = 300;
    private const int PacketsPerRevision = 200;
    private const int AttemptsToCatch = 5;
    private const int Senders = 2;
    private static readonly IPEndPoint Target = new(IPAddress.Parse("10.0.0.10"), 5000);
    private static readonly byte[] Packet = Frame.Build(PacketParser.Parse("udp local:40000 > 10.0.0.10:5000"));

    [Fact]
    public void Counts_of_a_rule_survive_a_new_revision_in_which_it_moves_and_others_change()
    {
        using var dataplane = PersonaDataplane.Load(new DataplaneOptions());
        var expected = 0ul;
        foreach (var (others, packets) in new[] { (0, 3), (7, 5), (1, 1), (40, 2), (40, 4) })
        {
            dataplane.Apply(dataplane.Realised.Generation + 1, Streaming("a", others));
            Assert.Equal(expected, Count(dataplane, "a").Packets);
            dataplane.Filter.Program("filter_egress").TestRun(Packet, packets);
            expected += (ulong)packets;
            Assert.Equal((expected, expected * (ulong)Packet.Length), PacketsAndBytes(dataplane));
        }

        static (ulong, ulong) PacketsAndBytes(PersonaDataplane dataplane) =>
            (Count(dataplane, "a").Packets, Count(dataplane, "a").Bytes);
    }

    [Fact]
    public void Counts_of_a_rule_that_was_removed_stay_and_go_on_when_it_comes_back()
    {
        using var dataplane = PersonaDataplane.Load(new DataplaneOptions());
        dataplane.Apply(1, Streaming("a", 2));
        dataplane.Filter.Program("filter_egress").TestRun(Packet, 10);
        dataplane.Apply(2, Streaming("a", 2) with { Rules = [] });
        dataplane.Filter.Program("filter_egress").TestRun(Packet, 10);
        Assert.Equal(10u, Count(dataplane, "a").Packets);

        for (ulong generation = 3; generation < 100; generation++)
        {
            dataplane.Apply(generation, Streaming("a", 3));
        }

        dataplane.Filter.Program("filter_egress").TestRun(Packet, 1);
        Assert.Equal(11u, Count(dataplane, "a").Packets);
    }

    [Fact]
    public void The_last_hit_is_monotonic_time_and_does_not_fall_when_the_rule_is_published_again()
    {
        using var dataplane = PersonaDataplane.Load(new DataplaneOptions());
        dataplane.Apply(1, Streaming("a", 1));
        dataplane.Filter.Program("filter_egress").TestRun(Packet);
        var hit = Count(dataplane, "a").LastHit;
        Assert.InRange(TimeProvider.System.GetElapsedTime((long)hit), TimeSpan.Zero, TimeSpan.FromSeconds(10));

        dataplane.Apply(2, Streaming("a", 2));
        Assert.Equal(hit, Count(dataplane, "a").LastHit);
        Assert.True(
            SpinWait.SpinUntil(
                () => dataplane.Filter.Program("filter_egress").TestRun(Packet) >= -1
                    && Count(dataplane, "a").LastHit > hit,
                TimeSpan.FromSeconds(5)),
            "a later packet is a later hit");
    }

    [Fact]
    public async Task Every_packet_of_two_cpus_is_counted_once_while_personas_change_and_counters_are_read()
    {
        var findings = await CountUnderLoad(BpfImages.Filter());

        Assert.Empty(findings);
    }

    [Fact]
    public async Task Counters_that_cpus_share_without_atomic_adds_are_caught()
    {
        var caught = new List<string>();
        for (var attempt = 0; attempt < AttemptsToCatch && caught.Count == 0; attempt++)
        {
            caught = await CountUnderLoad(TestObjects.Program("rules_counted_together"));
        }

        Assert.NotEmpty(caught);
    }

    /// <summary>
    /// Two threads on two CPUs send datagrams of one flow from a VM with the filter, while two personas are published
    /// and switched in turn, with other rules before the one that counts, and a third thread reads the counters. Gives
    /// everything that contradicts "a count never falls, they never add up to more than was sent, and in the end to
    /// just that".
    /// </summary>
    private static async Task<List<string>> CountUnderLoad(byte[] filter)
    {
        await using var lab = await Lab.CreateAsync();
        var vm = await lab.AddHostAsync("vm", "10.0.0.5/24");
        var peer = await lab.AddHostAsync("peer", "10.0.0.10/24");
        using var receiver = peer.BindUdp("10.0.0.10", Target.Port);
        using var socket = vm.BindUdp("10.0.0.5", 0);
        using var dataplane = vm.RunInside(() =>
        {
            var loaded = PersonaDataplane.Load(new DataplaneOptions { FilterImage = filter });
            loaded.Attach();
            return loaded;
        });
        dataplane.Apply(1, Streaming("a", 0));

        var sent = new long[Senders];
        var done = false;
        var senders = Enumerable.Range(0, Senders).Select(cpu => PinnedThread.Start(cpu, () =>
        {
            var payload = new byte[32];
            while (!Volatile.Read(ref done))
            {
                socket.SendTo(payload, Target);
                Interlocked.Increment(ref sent[cpu]);
            }
        })).ToList();
        var findings = new List<string>();
        var watcher = Task.Run(async () =>
        {
            // A count that is missing for a moment, or is there twice, while its persona's room changes hands.
            var before = (A: 0ul, B: 0ul);
            while (!Volatile.Read(ref done))
            {
                var rules = dataplane.ReadCounters().Rules;
                var now = (A: Packets(rules, "a"), B: Packets(rules, "b"));
                var most = (ulong)(Interlocked.Read(ref sent[0]) + Interlocked.Read(ref sent[1]) + Senders);
                if (now.A < before.A || now.B < before.B || now.A + now.B > most)
                {
                    findings.Add($"{before}, then {now}, when at most {most} were sent");
                }

                before = now;
                await Task.Delay(1);
            }
        });
        try
        {
            for (var revision = 2; revision < Revisions; revision++)
            {
                var until = Interlocked.Read(ref sent[0]) + Interlocked.Read(ref sent[1]) + PacketsPerRevision;
                dataplane.Apply((ulong)revision, Streaming(revision % 2 == 0 ? "b" : "a", revision * 7 % 60));
                SpinWait.SpinUntil(() => Interlocked.Read(ref sent[0]) + Interlocked.Read(ref sent[1]) >= until);
            }
        }
        finally
        {
            Volatile.Write(ref done, true);
            senders.ForEach(sender => sender.Join());
            await watcher;
        }

        var counted = Count(dataplane, "a").Packets + Count(dataplane, "b").Packets;
        if (counted != (ulong)sent.Sum())
        {
            findings.Add($"{counted} were counted, {string.Join(" + ", sent)} = {sent.Sum()} sent");
        }

        Assert.True(sent.Min() > Revisions * PacketsPerRevision / 10, $"void: {string.Join(" and ", sent)} were sent");
        return findings;
    }

    private static RuleCount Count(PersonaDataplane dataplane, string persona) =>
        dataplane.ReadCounters().Rules.GetValueOrDefault(new RuleKey(persona, "stream"));

    private static ulong Packets(IReadOnlyDictionary<RuleKey, RuleCount> rules, string persona) =>
        rules.GetValueOrDefault(new RuleKey(persona, "stream")).Packets;

    /// <summary>Allows the stream by one rule behind others that match nothing of it.</summary>
    private static Persona Streaming(string name, int others) => new()
    {
        Name = name,
        Revision = (ulong)others + 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules =
        [
            .. Enumerable.Range(0, others).Select(i => Rule($"other-{i}", (ushort)(6000 + i))),
            Rule("stream", (ushort)Target.Port),
            Rule("behind", 7000),
        ],
    };

    private static Rule Rule(string id, ushort port) => new()
    {
        Id = id,
        Direction = Direction.Egress,
        Action = RuleAction.Allow,
        List = RuleList.Allowed,
        Protocol = IpProtocol.Udp,
        Ports = [new PortRange(port, port)],
    };
}
