namespace EbpfPersonas.Agent.Abi;

/// <summary>
/// enum rule_entry_match of bpf/abi: which fields of an entry take part in the match, besides the peer.
/// </summary>
[Flags]
public enum RuleEntryMatch : byte
{
    /// <summary>The peer alone.</summary>
    None = 0,

    /// <summary>The protocol number.</summary>
    Protocol = 1,

    /// <summary>The port; only protocols that have ports match.</summary>
    Ports = 2,

    /// <summary>The ICMP type.</summary>
    IcmpType = 4,

    /// <summary>The ICMP code.</summary>
    IcmpCode = 8,

    /// <summary>Only ICMP and ICMPv6 match.</summary>
    Icmp = 16,

    /// <summary>The rule is in audit mode.</summary>
    Audit = 32,
}
