namespace EbpfPersonas.TestKit.Cases;

/// <summary>Which part of a datagram a packet carries (RFC 791 section 3.2, RFC 8200 section 4.5).</summary>
public enum Fragment
{
    Whole,

    /// <summary>The first part: it has the transport header.</summary>
    First,

    /// <summary>A later part: what stands where the ports were is payload.</summary>
    Later,
}
