using System.Runtime.InteropServices;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane.Residents;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Counters;

/// <summary>
/// Sums the per-CPU counters, and keeps the totals of personas whose room was given back. Not for several threads at
/// once.
/// </summary>
public sealed class CounterReader
{
    private readonly BpfMap _slotCounters;
    private readonly BpfMap _shadowCounters;
    private readonly RuleCounters _ruleCounters;
    private readonly Dictionary<VerdictKey, PacketCount> _verdicts = [];
    private readonly Dictionary<RuleKey, RuleCount> _rules = [];
    private readonly Dictionary<ShadowKey, ulong> _shadows = [];
    private readonly SlotCounters[] _slotPerCpu = new SlotCounters[BpfMap.PossibleCpus];
    private readonly ShadowCounters[] _shadowPerCpu = new ShadowCounters[BpfMap.PossibleCpus];

    /// <summary>Reads the counter maps of <paramref name="filter"/>; <paramref name="rules"/> is borrowed.</summary>
    public CounterReader(BpfObject filter, RuleCounters rules)
    {
        ArgumentNullException.ThrowIfNull(filter);
        _slotCounters = filter.Map("slot_counters");
        _shadowCounters = filter.Map("shadow_counters");
        _ruleCounters = rules;
    }

    /// <summary>Totals with those of <paramref name="residents"/>, which are still counting.</summary>
    public (Dictionary<VerdictKey, PacketCount> Verdicts, Dictionary<RuleKey, RuleCount> Rules) Read(
        IEnumerable<ResidentPersona> residents)
    {
        ArgumentNullException.ThrowIfNull(residents);
        var verdicts = new Dictionary<VerdictKey, PacketCount>(_verdicts);
        var rules = new Dictionary<RuleKey, RuleCount>(_rules);
        AddVerdicts(verdicts, "", PersonaSlots.NoPersona);
        foreach (var resident in residents)
        {
            AddVerdicts(verdicts, resident.Name, resident.Slot);
            AddRules(rules, resident);
        }

        return (verdicts, rules);
    }

    /// <summary>The same of what they would have done as shadows.</summary>
    public Dictionary<ShadowKey, ulong> ReadShadows(IEnumerable<ResidentPersona> residents)
    {
        ArgumentNullException.ThrowIfNull(residents);
        var shadows = new Dictionary<ShadowKey, ulong>(_shadows);
        foreach (var resident in residents)
        {
            AddShadows(shadows, resident);
        }

        return shadows;
    }

    /// <summary>Keeps the totals of a persona that no program counts for any more.</summary>
    public void Keep(ResidentPersona resident)
    {
        ArgumentNullException.ThrowIfNull(resident);
        AddVerdicts(_verdicts, resident.Name, resident.Slot);
        AddRules(_rules, resident);
        AddShadows(_shadows, resident);
    }

    /// <summary>Adds what all CPUs counted in one slot.</summary>
    internal static void AddVerdicts(
        Dictionary<VerdictKey, PacketCount> totals, string persona, ReadOnlySpan<SlotCounters> perCpu)
    {
        for (var index = 0; index < (int)PacketDirection.Count * (int)Verdict.Count * (int)Reason.Count; index++)
        {
            var sum = default(PacketCount);
            foreach (ref readonly var cpu in perCpu)
            {
                sum += new PacketCount(cpu.Verdict[index].Packets, cpu.Verdict[index].Bytes);
            }

            if (sum.Packets > 0)
            {
                var reason = index % (int)Reason.Count;
                var rest = index / (int)Reason.Count;
                var key = new VerdictKey(
                    persona,
                    (PacketDirection)(rest / (int)Verdict.Count),
                    (Verdict)(rest % (int)Verdict.Count),
                    (Reason)reason);
                CollectionsMarshal.GetValueRefOrAddDefault(totals, key, out _) += sum;
            }
        }
    }

    private void AddVerdicts(Dictionary<VerdictKey, PacketCount> totals, string persona, uint slot)
    {
        _slotCounters.LookupPerCpu<SlotCounters>(slot, _slotPerCpu);
        AddVerdicts(totals, persona, _slotPerCpu);
    }

    private void AddShadows(Dictionary<ShadowKey, ulong> totals, ResidentPersona resident)
    {
        _shadowCounters.LookupPerCpu<ShadowCounters>(resident.Slot, _shadowPerCpu);
        foreach (ref readonly var cpu in _shadowPerCpu.AsSpan())
        {
            ReadOnlySpan<ulong> packets = cpu.Packets;
            for (var index = 0; index < packets.Length; index++)
            {
                if (packets[index] > 0)
                {
                    var key = new ShadowKey(
                        resident.Name, (PacketDirection)(index >> 2), (index & 2) != 0, (index & 1) != 0);
                    CollectionsMarshal.GetValueRefOrAddDefault(totals, key, out _) += packets[index];
                }
            }
        }
    }

    private void AddRules(Dictionary<RuleKey, RuleCount> totals, ResidentPersona resident)
    {
        for (var number = 0; number < resident.Compiled.RuleIds.Length; number++)
        {
            var sum = _ruleCounters.Read(resident.CounterStart + (uint)number);
            if (sum.Packets > 0)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(
                    totals, new RuleKey(resident.Name, resident.Compiled.RuleIds[number]), out _) += sum;
            }
        }
    }
}
