using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Counters;

/// <summary>
/// The counters of rules, in memory shared with the programs: every possible CPU has a share of its own, so programs
/// count without locks and lose nothing.
/// </summary>
public sealed class RuleCounters : IDisposable
{
    private readonly MemoryMap _memory;

    /// <summary>Maps the filter's map "rule_counters".</summary>
    public RuleCounters(BpfObject filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var map = filter.Map("rule_counters");
        Capacity = map.MaxEntries / (uint)BpfMap.PossibleCpus;
        _memory = map.MapMemory();
    }

    /// <summary>Rules that can be counted at once.</summary>
    public uint Capacity { get; }

    /// <summary>Gives the map room for <paramref name="rules"/> rules; before the object is loaded.</summary>
    public static void Size(BpfObject filter, uint rules)
    {
        ArgumentNullException.ThrowIfNull(filter);
        filter.Map("rule_counters").MaxEntries = checked(rules * (uint)BpfMap.PossibleCpus);
        filter.SetConstant("rules_per_cpu", rules);
    }

    /// <summary>What all CPUs together counted for one rule.</summary>
    public RuleCount Read(uint rule)
    {
        var counters = _memory.Values<RuleCounter>();
        var sum = default(RuleCount);
        for (var cpu = 0; cpu < BpfMap.PossibleCpus; cpu++)
        {
            ref readonly var counter = ref counters[(cpu * (int)Capacity) + (int)rule];
            sum += new RuleCount(counter.Packets, counter.Bytes, counter.LastHit);
        }

        return sum;
    }

    /// <summary>Sets the counters of <paramref name="count"/> rules to zero; no program counts for them.</summary>
    public void Clear(uint start, uint count)
    {
        for (var cpu = 0; cpu < BpfMap.PossibleCpus; cpu++)
        {
            _memory.Values<RuleCounter>().Slice((cpu * (int)Capacity) + (int)start, (int)count).Clear();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();
}
