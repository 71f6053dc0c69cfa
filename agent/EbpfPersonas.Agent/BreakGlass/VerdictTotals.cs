using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane.Counters;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.BreakGlass;

/// <summary>Packets of all personas together, in the words that users see.</summary>
internal static class VerdictTotals
{
    /// <summary>One for each kind of verdict that was counted, in the order of their numbers.</summary>
    public static IEnumerable<V1.VerdictTotal> Of(IReadOnlyDictionary<VerdictKey, PacketCount> verdicts) => verdicts
        .GroupBy(count => (count.Key.Direction, count.Key.Verdict, count.Key.Reason))
        .OrderBy(group => group.Key)
        .Select(group => new V1.VerdictTotal
        {
            Direction = group.Key.Direction.Word(),
            Verdict = group.Key.Verdict.Word(),
            Reason = group.Key.Reason.Word(),
            Packets = group.Aggregate(0ul, (sum, count) => sum + count.Value.Packets),
        });
}
