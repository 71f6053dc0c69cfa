using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct tcp_side of bpf/abi: what TCP was seen to send in one direction; sequence numbers.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TcpSide
{
    /// <summary>One past the highest octet sent.</summary>
    public uint End;

    /// <summary>
    /// One past the highest octet that the receiver has room for; of a SYN without answer the lowest number that may
    /// acknowledge it.
    /// </summary>
    public uint MaxEnd;

    /// <summary>The largest window that this side offered, octets.</summary>
    public uint MaxWindow;

    /// <summary>0-14 (RFC 7323), or 255 until both have said that they use it.</summary>
    public byte Scale;

    /// <summary>Zero.</summary>
    public ThreeOctets Reserved;
}
