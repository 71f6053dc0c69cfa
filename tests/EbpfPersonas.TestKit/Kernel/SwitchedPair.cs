using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Personas.Model;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.TestKit.Kernel;

/// <summary>
/// Two personas that take turns over one stream of packets that leave: "a" allows them by its rule "rule-a", "b" denies
/// them by "rule-b". Whatever else is counted is a mixture of the two.
/// </summary>
public static class SwitchedPair
{
    /// <summary>Rules before the one that matches.</summary>
    public const int OtherRules = 2000;

    /// <summary>
    /// One rule that matches the stream, at the end of many that do not: the longer a packet is judged, the more
    /// switches fall into it.
    /// </summary>
    public static Persona Make(string name, RuleAction action) => new()
    {
        Name = name,
        Revision = 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules =
        [
            .. Enumerable.Range(0, OtherRules).Select(i => Rule($"other-{i}", RuleAction.Allow) with
            {
                Peers = [new Prefix(new IpAddress(false, (UInt128)(0x0b000000 + i)), 32)]
            }),
            Rule($"rule-{name}", action),
        ],
    };

    /// <summary>A rule about everything that leaves.</summary>
    public static Rule Rule(string id, RuleAction action) => new()
    {
        Id = id,
        Direction = Direction.Egress,
        Action = action,
        List = RuleList.FirewallRules,
        Priority = 500,
    };

    /// <summary>
    /// Everything that contradicts "only (a, rule of a) and (b, rule of b) occur, both do, and they add up to what was
    /// sent".
    /// </summary>
    public static IReadOnlyList<string> Mixtures(DataplaneCounters counters, ulong sent)
    {
        ArgumentNullException.ThrowIfNull(counters);
        var stream = counters.Verdicts
            .Where(count => count.Key.Direction == PacketDirection.Egress && count.Key.Reason != Reason.Failsafe)
            .ToList();
        var forwarded = Sum("a");
        var dropped = Sum("b");
        var mixtures = stream
            .Where(count =>
                (count.Key.Persona, count.Key.Verdict)
                is not (("a", Verdict.Forwarded) or ("b", Verdict.Dropped)))
            .Select(count => $"{count.Key}: {count.Value.Packets}")
            .ToList();
        Expect(forwarded > 0 && dropped > 0, "both personas judged packets");
        Expect(forwarded + dropped == sent, $"{forwarded} + {dropped} = {sent} sent");
        Expect(
            counters.Rules.GetValueOrDefault(new RuleKey("a", "rule-a")).Packets == forwarded,
            "rule-a forwarded all that a did");
        Expect(
            counters.Rules.GetValueOrDefault(new RuleKey("b", "rule-b")).Packets == dropped,
            "rule-b dropped all that b did");
        return mixtures;

        ulong Sum(string persona) =>
            stream
                .Where(count => count.Key.Persona == persona)
                .Aggregate(0ul, (sum, count) => sum + count.Value.Packets);

        void Expect(bool holds, string what)
        {
            if (!holds)
            {
                mixtures.Add("not so: " + what);
            }
        }
    }
}
