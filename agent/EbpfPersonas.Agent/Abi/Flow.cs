using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct flow of bpf/abi: what was said of a flow, and what it did since.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Flow
{
    /// <summary>Of the key; another one = the element became another flow's.</summary>
    public ulong Owner;

    /// <summary>{epoch:32 | <see cref="Abi.Judged"/>}.</summary>
    public ulong Judged;

    /// <summary>{epoch:32 | rule:32}: the first rule in audit mode that would have decided earlier.</summary>
    public ulong Audited;

    /// <summary>By the programs' own clock (bpf/lib/clock.h), ns: the last packet that belonged to it.</summary>
    public ulong LastSeen;

    /// <summary>What happened to it.</summary>
    public FlowMark Marks;

    /// <summary>The number of its <see cref="FlowCheck"/>.</summary>
    public uint Serial;

    /// <summary>By <see cref="PacketDirection"/> of the sender.</summary>
    public TcpSides Side;

    /// <summary><see cref="PacketDirection"/> of the first packet.</summary>
    public byte Originator;

    /// <summary>Of the first packet.</summary>
    public byte IcmpType;

    /// <summary>Of the first packet.</summary>
    public byte IcmpCode;

    /// <summary>Zero.</summary>
    public FiveOctets Reserved;
}
