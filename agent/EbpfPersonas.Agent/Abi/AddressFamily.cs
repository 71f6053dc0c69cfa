namespace EbpfPersonas.Agent.Abi;

/// <summary>enum address_family of bpf/abi: Family of a rule run, a flow or a failsafe entry.</summary>
public enum AddressFamily
{
    /// <summary>As in the C source.</summary>
    Ipv4 = 0,

    /// <summary>As in the C source.</summary>
    Ipv6 = 1,

    /// <summary>As in the C source.</summary>
    Count = 2,
}
