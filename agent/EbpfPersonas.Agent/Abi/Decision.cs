using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct decision of bpf/abi: what the filter says of one packet.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Decision
{
    /// <summary>The slot that was asked.</summary>
    public uint Slot;

    /// <summary>The rule that made the verdict.</summary>
    public uint Rule;

    /// <summary>The first rule in audit mode that would have decided earlier.</summary>
    public uint AuditedRule;

    /// <summary><see cref="Abi.Verdict"/>.</summary>
    public byte Verdict;

    /// <summary><see cref="Abi.Reason"/>.</summary>
    public byte Reason;

    /// <summary>Zero.</summary>
    public ushort Reserved;
}
