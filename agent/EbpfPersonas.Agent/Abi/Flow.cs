using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct flow of bpf/abi: what was said of a flow.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Flow
{
    /// <summary>CLOCK_MONOTONIC, coarse, ns.</summary>
    public ulong LastSeen;

    /// <summary>The epoch that judged it.</summary>
    public uint Epoch;

    /// <summary>The rule that made the verdict.</summary>
    public uint Rule;

    /// <summary>The first rule in audit mode that would have decided earlier.</summary>
    public uint AuditedRule;

    /// <summary><see cref="PacketDirection"/> of the first packet.</summary>
    public byte Originator;

    /// <summary><see cref="Abi.Verdict"/>.</summary>
    public byte Verdict;

    /// <summary><see cref="Abi.Reason"/> of an audited flow.</summary>
    public byte Reason;

    /// <summary>Of the first packet.</summary>
    public byte IcmpType;

    /// <summary>Of the first packet.</summary>
    public byte IcmpCode;

    /// <summary>Seen in the middle: the originator is a guess.</summary>
    public byte PickedUp;

    /// <summary>Zero.</summary>
    public FlowPadding Reserved;
}
