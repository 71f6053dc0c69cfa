using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct slot of bpf/abi: one resident persona.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Slot
{
    /// <summary>The controller's number of the desired state.</summary>
    public ulong Generation;

    /// <summary>What kind of slot.</summary>
    public SlotFlags Flags;

    /// <summary>In each CPU's share of the counters rule r counts at this plus r.</summary>
    public uint RuleCounterBase;

    /// <summary>How many rules it has.</summary>
    public uint RuleCount;

    /// <summary>Its first line.</summary>
    public uint LineBase;

    /// <summary><see cref="RuleAction"/> for flows that no rule matches.</summary>
    public ActionByDirection DefaultAction;

    /// <summary>References by direction * 2 + family.</summary>
    public RootReferences Root;
}
