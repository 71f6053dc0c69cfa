using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Fuzzing;
using EbpfPersonas.TestKit.Kernel;
using Xunit;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>
/// What a persona in audit mode would do is counted beside the persona in force, as the reference says, and changes
/// nothing.
/// </summary>
public sealed class ShadowTests : IDisposable
{
    private const int Pairs = 150;
    private const int PacketsPerPair = 60;
    private const string Query = "udp local:40000 > 10.0.0.10:53";

    private readonly KernelFilter _filter = new(TestObjects.Program("verdict"));

    public void Dispose() => _filter.Dispose();

    [Fact]
    public void A_shadow_changes_no_verdict_and_counts_what_the_reference_says()
    {
        var counted = new Dictionary<(bool, bool), ulong>();
        for (var pair = 0; pair < Pairs; pair++)
        {
            Assert.Null(RunPair(_filter, (ulong)pair, counted));
        }

        // All four ways in which two personas can agree and differ were there.
        Assert.Equal(4, counted.Count);
        Assert.All(counted.Values, packets => Assert.True(packets > 100, $"{packets}"));
    }

    [Fact]
    public void A_filter_that_obeys_the_shadow_is_caught()
    {
        using var broken = new KernelFilter(TestObjects.Program("shadow_obeyed"));

        Assert.Contains(
            Enumerable.Range(0, Pairs), pair => RunPair(broken, (ulong)pair, []) is not null);
    }

    [Fact]
    public void Where_no_persona_is_in_force_everything_passes_and_what_would_not_is_counted()
    {
        _filter.SwitchBeside(null, Shadow());

        Assert.Equal(new Expectation("forwarded", "no_persona", null), Decide(Query));

        Assert.Equal((1u, 0u), Count());
    }

    [Fact]
    public void A_flow_that_goes_on_is_compared_once_when_the_shadow_comes()
    {
        _filter.SwitchTo(Web);
        Decide(Query);
        Decide(Query);
        _filter.SwitchBeside(Web, Shadow());

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("forwarded", Decide(Query).Verdict);
        }

        Assert.Equal((1u, 0u), Count());
    }

    [Fact]
    public void A_shadow_that_is_the_same_stays_and_one_that_is_taken_back_keeps_its_counts()
    {
        var shadow = Shadow();
        _filter.SwitchBeside(null, shadow);
        Decide(Query);
        _filter.SwitchBeside(Web, shadow);
        Assert.Equal((1u, 0u), Count());

        _filter.SwitchBeside(Web, shadow: null);
        Decide("udp local:40001 > 10.0.0.10:53");
        Assert.Equal((1u, 0u), Count());

        _filter.SwitchBeside(Web, Shadow(RuleAction.Allow));
        Decide("udp local:40002 > 10.0.0.10:53");
        Assert.Equal((1u, 1u), Count());
    }

    [Fact]
    public void The_rule_of_the_shadow_is_named()
    {
        _filter.SwitchBeside(null, Shadow() with { Rules = [Everything("no-web", RuleAction.Deny)] });

        Decide(Query);

        var rules = _filter.Dataplane.ReadCounters().Rules;
        Assert.Equal(1u, rules[new RuleKey("trial", "no-web")].Packets);
    }

    [Fact]
    public void A_shadow_that_does_not_fit_is_refused_and_all_is_as_it_was()
    {
        _filter.SwitchBeside(Web, Shadow());
        var before = _filter.Dataplane.Realised;
        var huge = Shadow() with
        {
            Rules = [.. Enumerable.Range(0, 300_000).Select(i => Everything($"r{i}", RuleAction.Deny))],
        };

        Assert.Equal("TOO_LARGE", Assert.Throws<ApplyException>(() => _filter.SwitchBeside(null, huge)).Code);

        Assert.Equal(before, _filter.Dataplane.Realised);
        Decide(Query);
        Assert.Equal((1u, 0u), Count());
    }

    /// <summary>What differs from the reference, or null.</summary>
    private static string? RunPair(
        KernelFilter filter, ulong seed, Dictionary<(bool Passes, bool WouldPass), ulong> counted)
    {
        var random = new Prng(seed);
        var active = RandomPersona.Make(random) with { Name = "active" };
        var shadow = RandomPersona.Make(random) with { Name = $"shadow-{seed}", Mode = EnforcementMode.Audit };
        filter.ForgetFlows();
        filter.SwitchBeside(active, shadow);
        var expected = new Dictionary<ShadowKey, ulong>();
        for (var i = 0; i < PacketsPerPair; i++)
        {
            var packet = RandomPacket.Make(random, random.Chance(50) ? active : shadow);
            var verdict = ReferenceDatapath.InWords(
                active, ReferenceVerdict.Judge(active, packet.AsFirstPacket()), packet);
            if (filter.Decide(packet) is var said && said != verdict)
            {
                return $"{packet}: {said}, not {verdict}";
            }

            filter.Forget(packet);
            // Of the others no rule was asked.
            if (verdict.Reason is "allowed_rule" or "default_allow" or "denied_rule" or "default_deny")
            {
                var passes = verdict.Verdict is "forwarded" or "audit";
                var wouldPass = ReferenceVerdict.Judge(shadow, packet.AsFirstPacket()).Action == RuleAction.Allow;
                Add(expected, new ShadowKey(
                    shadow.Name,
                    packet.Direction == Direction.Egress ? PacketDirection.Egress : PacketDirection.Ingress,
                    passes, wouldPass));
                Add(counted, (passes, wouldPass));
            }
        }

        var shadows = filter.Dataplane.ReadCounters().Shadows
            .Where(pair => pair.Key.Shadow == shadow.Name).OrderBy(pair => pair.Key.ToString());
        return shadows.SequenceEqual(expected.OrderBy(pair => pair.Key.ToString()))
            ? null
            : $"pair {seed}: {string.Join(", ", shadows)}, not {string.Join(", ", expected)}";
    }

    private static void Add<TKey>(Dictionary<TKey, ulong> counts, TKey key)
        where TKey : notnull => counts[key] = counts.GetValueOrDefault(key) + 1;

    private static Persona Web => new()
    {
        Name = "web",
        Revision = 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Allow,
        Rules = [],
    };

    private static Persona Shadow(RuleAction egress = RuleAction.Deny) => Web with
    {
        Name = "trial",
        DefaultEgress = egress,
        Mode = EnforcementMode.Audit,
    };

    private static Rule Everything(string id, RuleAction action) => new()
    {
        Id = id,
        Direction = Direction.Egress,
        Action = action,
        List = RuleList.FirewallRules,
        Priority = 500,
    };

    private Expectation Decide(string packet) => _filter.Decide(PacketParser.Parse(packet));

    /// <summary>Packets out that pass: how many the shadow would stop, and how many it would let pass.</summary>
    private (ulong Stopped, ulong Passed) Count()
    {
        var shadows = _filter.Dataplane.ReadCounters().Shadows;
        Assert.All(shadows.Keys, key => Assert.Equal(("trial", true), (key.Shadow, key.Passes)));
        return (
            shadows.GetValueOrDefault(new ShadowKey("trial", PacketDirection.Egress, true, false)),
            shadows.GetValueOrDefault(new ShadowKey("trial", PacketDirection.Egress, true, true)));
    }
}
