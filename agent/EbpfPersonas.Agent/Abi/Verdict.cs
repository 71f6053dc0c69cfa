namespace EbpfPersonas.Agent.Abi;

/// <summary>enum verdict of bpf/abi: What became of a packet.</summary>
public enum Verdict
{
    /// <summary>As in the C source.</summary>
    Forwarded = 0,

    /// <summary>As in the C source.</summary>
    Dropped = 1,

    /// <summary>Dropped, and the sender was told (TCP RST, ICMP destination unreachable).</summary>
    Rejected = 2,

    /// <summary>As in the C source.</summary>
    Audit = 3,

    /// <summary>As in the C source.</summary>
    Count = 4,
}
