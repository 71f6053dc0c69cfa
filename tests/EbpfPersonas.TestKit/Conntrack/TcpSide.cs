namespace EbpfPersonas.TestKit.Conntrack;

/// <summary>What TCP was seen to send in one direction of a flow.</summary>
public sealed record TcpSide
{
    /// <summary>One past the highest octet that was sent.</summary>
    public uint End { get; set; }

    /// <summary>
    /// One past the highest octet that the receiver has room for; of a SYN without answer, the lowest number that may
    /// acknowledge it.
    /// </summary>
    public uint MaxEnd { get; set; }

    /// <summary>The largest window that this side offered, in octets.</summary>
    public uint MaxWindow { get; set; }

    /// <summary>0 to 14; null where this side said nothing of it.</summary>
    public byte? Scale { get; set; } = 0;
}
