using System.Runtime.InteropServices;
using EbpfPersonas.Agent.Abi;

namespace EbpfPersonas.Agent.Tests.Abi;

/// <summary>Deliberately wrong: the fields and size of <see cref="Flow"/>, with two of them swapped.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FlowWithSwappedFields
{
    public ulong Judged;
    public ulong Owner;
    public ulong Audited;
    public ulong LastSeen;
    public FlowMark Marks;
    public uint Serial;
    public TcpSides Side;
    public byte Originator;
    public byte IcmpType;
    public byte IcmpCode;
    public FiveOctets Reserved;
}
