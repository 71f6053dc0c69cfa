using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct slot_counters of bpf/abi: counters of one slot on one CPU.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SlotCounters
{
    /// <summary>[(direction * 4 + verdict) * 32 + reason].</summary>
    public VerdictCounters Verdict;
}
