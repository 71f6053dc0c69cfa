using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct rule_entry of bpf/abi: one peer prefix and one port range of one rule.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RuleEntry
{
    /// <summary>Network order, IPv4 in word 0.</summary>
    public AddressWords Peer;

    /// <summary>Network order, IPv4 in word 0.</summary>
    public AddressWords Mask;

    /// <summary>Host order, inclusive.</summary>
    public ushort PortFirst;

    /// <summary>Host order, inclusive.</summary>
    public ushort PortLast;

    /// <summary>Which fields take part.</summary>
    public RuleEntryMatch Match;

    /// <summary>IANA protocol number.</summary>
    public byte Protocol;

    /// <summary>ICMP type.</summary>
    public byte IcmpType;

    /// <summary>ICMP code.</summary>
    public byte IcmpCode;

    /// <summary><see cref="RuleAction"/>.</summary>
    public uint Action;

    /// <summary>The rule's place in the order of evaluation.</summary>
    public uint Rule;

    /// <summary>Skip entries: where in the run the next rule begins.</summary>
    public uint Next;

    /// <summary>Zero.</summary>
    public ReservedWords Reserved;
}
