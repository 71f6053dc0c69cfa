using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct rule_run of bpf/abi: entries [Start, Start + Count) of the map rule_entries.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RuleRun
{
    /// <summary>First entry.</summary>
    public uint Start;

    /// <summary>Number of entries.</summary>
    public uint Count;
}
