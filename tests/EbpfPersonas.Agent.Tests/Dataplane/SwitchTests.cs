using System.Net;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Personas.Compile;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Kernel;
using EbpfPersonas.TestKit.Network;
using Xunit;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>A switch is whole: every packet sees one persona, never a mixture of two.</summary>
public sealed class SwitchTests
{
    private const int Switches = 1000;
    private const int PacketsPerSwitch = 20;
    private const int AttemptsToCatch = 10;
    private static readonly IPEndPoint Target = new(IPAddress.Parse("10.0.0.10"), 5000);

    [Fact]
    public void Applies_a_persona_and_takes_it_back()
    {
        using var dataplane = PersonaDataplane.Load(new DataplaneOptions());
        Assert.Null(dataplane.Realised.Persona);

        var realised = dataplane.Apply(7, SwitchedPair.Make("a", RuleAction.Deny));

        Assert.Equal(new RealisedState(7, 1, "a", 1), realised);
        Assert.Equal(new RealisedState(8, 2, null, 0), dataplane.Apply(8, null));
        Assert.Empty(dataplane.ReadCounters().Verdicts);
    }

    [Fact]
    public void Keeps_the_persona_when_the_next_one_does_not_fit()
    {
        using var dataplane = PersonaDataplane.Load(new DataplaneOptions());
        dataplane.Apply(1, SwitchedPair.Make("a", RuleAction.Deny));
        var huge = SwitchedPair.Make("huge", RuleAction.Deny) with
        {
            Rules =
            [
                .. Enumerable.Range(0, 300_000)
                    .Select(i => SwitchedPair.Rule($"r{i}", RuleAction.Deny) with { Protocol = 6 }),
            ],
        };

        var refused = Assert.Throws<ApplyException>(() => dataplane.Apply(2, huge));

        Assert.Equal("TOO_LARGE", refused.Code);
        Assert.Equal(new RealisedState(1, 1, "a", 1), dataplane.Realised);
    }

    [Fact]
    public void A_persona_that_needs_all_the_room_fits_and_a_pair_of_lines_less_is_too_little()
    {
        var persona = SwitchedPair.Make("a", RuleAction.Deny);
        var lines = (PersonaCompiler.Compile(persona).Lines.Length + 1) & ~1;
        using var dataplane = PersonaDataplane.Load(new DataplaneOptions { LineCapacity = lines });
        using var smaller = PersonaDataplane.Load(new DataplaneOptions { LineCapacity = lines - 2 });

        Assert.Equal("a", dataplane.Apply(1, persona).Persona);
        Assert.Equal("TOO_LARGE", Assert.Throws<ApplyException>(() => smaller.Apply(1, persona)).Code);
        var use = dataplane.ReadCounters().MapUtilization;
        Assert.Equal(["flows", "new_flows", "policy_lines", "rule_counters", "slots"], use.Keys.Order());
        Assert.Equal(1, use["policy_lines"]);
        Assert.Equal((SwitchedPair.OtherRules + 1) / 65536.0, use["rule_counters"]);
    }

    [Fact]
    public void Room_of_replaced_personas_is_used_again_and_their_counts_are_kept()
    {
        const int Rounds = 300;
        using var dataplane = PersonaDataplane.Load(new DataplaneOptions());
        var frame = Frame.Build(PacketParser.Parse("udp local:40000 > 10.0.0.10:53"));
        for (ulong generation = 1; generation <= Rounds; generation++)
        {
            var name = generation % 2 == 0 ? "a" : "b";
            dataplane.Apply(generation, SwitchedPair.Make(name, RuleAction.Deny));
            dataplane.Filter.Program("filter_egress").TestRun(frame);
        }

        var counters = dataplane.ReadCounters();
        Assert.Equal((uint)Rounds, dataplane.Realised.Epoch);
        SpinWait.SpinUntil(() => SlotsInUse() <= 0.1, TimeSpan.FromSeconds(10));
        Assert.InRange(SlotsInUse(), 0.01, 0.1);
        foreach (var name in new[] { "a", "b" })
        {
            Assert.Equal(Rounds / 2u, counters.Rules[new RuleKey(name, $"rule-{name}")].Packets);
            Assert.Equal(
                Rounds / 2u,
                counters.Verdicts[new VerdictKey(name, PacketDirection.Egress, Verdict.Dropped, Reason.DeniedRule)]
                    .Packets);
        }

        double SlotsInUse() => dataplane.ReadCounters().MapUtilization["slots"];
    }

    [Fact]
    public async Task A_thousand_switches_under_traffic_mix_nothing()
    {
        var (counters, sent) = await SwitchUnderTraffic(BpfImages.Filter());

        Assert.Empty(SwitchedPair.Mixtures(counters, sent));
    }

    [Fact]
    public async Task A_filter_that_reads_the_active_word_twice_is_caught()
    {
        // The race needs a switch on one CPU while a packet is judged on another; on a busy machine one run may not
        // meet it.
        IReadOnlyList<string> caught = [];
        for (var attempt = 0; attempt < AttemptsToCatch && caught.Count == 0; attempt++)
        {
            var (counters, sent) = await SwitchUnderTraffic(TestObjects.Program("word_read_twice"));
            caught = SwitchedPair.Mixtures(counters, sent);
        }

        Assert.NotEmpty(caught);
    }

    /// <summary>
    /// Sends a steady stream of UDP datagrams from one namespace to another, through the filters of the first, while
    /// two personas take turns.
    /// </summary>
    private static async Task<(DataplaneCounters Counters, ulong Sent)> SwitchUnderTraffic(byte[] filter)
    {
        await using var lab = await Lab.CreateAsync();
        var vm = await lab.AddHostAsync("vm", "10.0.0.5/24");
        var peer = await lab.AddHostAsync("peer", "10.0.0.10/24");
        using var receiver = peer.BindUdp("10.0.0.10", Target.Port);
        using var sender = vm.BindUdp("10.0.0.5", 0);
        using var dataplane = vm.RunInside(() =>
        {
            var loaded = PersonaDataplane.Load(new DataplaneOptions { FilterImage = filter });
            loaded.Attach();
            return loaded;
        });
        var a = dataplane.Publish(SwitchedPair.Make("a", RuleAction.Allow), 1);
        var b = dataplane.Publish(SwitchedPair.Make("b", RuleAction.Deny), 2);
        dataplane.SwitchTo(a);

        ulong sent = 0;
        var done = false;
        var stream = new Thread(() =>
        {
            var payload = new byte[32];
            while (!Volatile.Read(ref done))
            {
                sender.SendTo(payload, Target);
                Interlocked.Increment(ref sent);
            }
        });
        stream.Start();
        var phase = new Random(1);
        for (var i = 0; i < Switches; i++)
        {
            // Anywhere in the life of a packet, and not always just after one was sent.
            Thread.SpinWait(phase.Next(1000));
            dataplane.SwitchTo(i % 2 == 0 ? b : a);
            var until = Interlocked.Read(ref sent) + PacketsPerSwitch;
            SpinWait.SpinUntil(() => Interlocked.Read(ref sent) >= until);
        }

        Volatile.Write(ref done, true);
        stream.Join();
        Assert.True(receiver.Available > 0, "what persona a allowed arrived");
        return (dataplane.ReadCounters(), sent);
    }
}
