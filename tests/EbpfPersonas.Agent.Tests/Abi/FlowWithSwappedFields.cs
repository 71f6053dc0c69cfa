using System.Runtime.InteropServices;
using EbpfPersonas.Agent.Abi;

namespace EbpfPersonas.Agent.Tests.Abi;

/// <summary>Deliberately wrong: the fields and size of <see cref="Flow"/>, with two of them swapped.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FlowWithSwappedFields
{
    public ulong LastSeen;
    public uint Rule;
    public uint Epoch;
    public uint AuditedRule;
    public byte Originator;
    public byte Verdict;
    public byte Reason;
    public byte IcmpType;
    public byte IcmpCode;
    public byte PickedUp;
    public FlowPadding Reserved;
}
