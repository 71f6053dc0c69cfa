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

    /// <summary>Rule r counts at this plus r.</summary>
    public uint RuleCounterBase;

    /// <summary><see cref="RuleAction"/> for flows that no rule matches.</summary>
    public ActionByDirection DefaultAction;

    /// <summary>By direction * 2 + family.</summary>
    public RuleRuns Run;
}
