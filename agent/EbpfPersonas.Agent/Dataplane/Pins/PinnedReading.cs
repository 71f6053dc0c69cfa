using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Pins;

/// <summary>What pinned maps say, at one moment.</summary>
/// <param name="Layout">The name of their layout.</param>
/// <param name="State">What is in force; null where that cannot be read.</param>
/// <param name="ConfirmedFlows">Flows that both ends confirmed, expired ones included until they are found.</param>
/// <param name="NewFlows">The other ones.</param>
/// <param name="Verdicts">
/// Packets that the personas in the maps judged, those in force and before while their room was not needed; null where
/// another version of the agent numbers them.
/// </param>
internal sealed record PinnedReading(
    string Layout,
    RealisedState? State,
    long ConfirmedFlows,
    long NewFlows,
    IReadOnlyDictionary<VerdictKey, PacketCount>? Verdicts)
{
    /// <summary>Reads an open layout; throws <see cref="BpfException"/>.</summary>
    public static PinnedReading Of(PinnedLayout layout) => new(
        layout.Name,
        layout.State,
        Count(layout.Map("flows")),
        Count(layout.Map("new_flows")),
        ReadVerdicts(layout));

    private static long Count(PinnedMap? flows)
    {
        var count = 0L;
        flows?.ForEach((_, _) => count++);
        return count;
    }

    private static Dictionary<VerdictKey, PacketCount>? ReadVerdicts(PinnedLayout layout)
    {
        using var ours = BpfImages.OpenFilter(new DataplaneOptions());
        if (!MapLayout.IsOfVersion(layout.Name, ours)
            || layout.Map("slot_counters") is not { } counters
            || counters.ValueType?.ToString() != ours.Map("slot_counters").ValueType?.ToString())
        {
            return null;
        }

        var totals = new Dictionary<VerdictKey, PacketCount>();
        var perCpu = new SlotCounters[BpfMap.PossibleCpus];
        for (uint slot = 0; slot < counters.MaxEntries; slot++)
        {
            counters.LookupPerCpu<SlotCounters>(slot, perCpu);
            CounterReader.AddVerdicts(totals, "", perCpu);
        }

        return totals;
    }
}
