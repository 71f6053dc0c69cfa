namespace EbpfPersonas.Agent.Abi;

/// <summary>enum reason of bpf/abi: the closed list of why a verdict was made.</summary>
public enum Reason
{
    /// <summary>An allow rule matched.</summary>
    AllowedRule = 0,

    /// <summary>No rule matched, the default allows.</summary>
    DefaultAllow = 1,

    /// <summary>No persona is active.</summary>
    NoPersona = 2,

    /// <summary>Belongs to a flow that was allowed.</summary>
    Established = 3,

    /// <summary>First packet of a flow after a switch; the new persona allows it too.</summary>
    Reevaluated = 4,

    /// <summary>An ICMP error about a flow that was allowed.</summary>
    RelatedIcmp = 5,

    /// <summary>Passes before any persona is asked; so do answers to rejected packets.</summary>
    Failsafe = 6,

    /// <summary>A deny rule matched.</summary>
    DeniedRule = 7,

    /// <summary>No rule matched, the default denies.</summary>
    DefaultDeny = 8,

    /// <summary>An ACL with a subject matched.</summary>
    AclDenied = 9,

    /// <summary>The new persona does not allow a flow that the one before did.</summary>
    PersonaSwitch = 10,

    /// <summary>Encryption is required and was not seen.</summary>
    Unencrypted = 11,

    /// <summary>The TLS version is too old.</summary>
    TlsVersion = 12,

    /// <summary>The TLS server name is not allowed.</summary>
    SniDenied = 13,

    /// <summary>The authentication protocol is not the required one.</summary>
    AuthProtocol = 14,

    /// <summary>Over the rate.</summary>
    RateLimited = 15,

    /// <summary>Over the number of connections.</summary>
    ConnectionLimit = 16,

    /// <summary>A fragment that cannot be judged.</summary>
    Fragment = 17,

    /// <summary>Ends before its headers do.</summary>
    Truncated = 18,

    /// <summary>Contradicts itself.</summary>
    InvalidPacket = 19,

    /// <summary>Headers that lead to no transport protocol.</summary>
    UnknownProtocol = 20,

    /// <summary>Neither IP nor ARP.</summary>
    UnsupportedEthertype = 21,

    /// <summary>The source address is not the VM's.</summary>
    SpoofedSource = 22,

    /// <summary>The source address cannot come from there.</summary>
    Martian = 23,

    /// <summary>No room to remember the flow.</summary>
    ConntrackFull = 24,

    /// <summary>Room for words to come; sizes the counters.</summary>
    Count = 32,
}
