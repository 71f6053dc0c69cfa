using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct socket_request of bpf/abi: a socket and where it wants to send to.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SocketRequest
{
    /// <summary>The other end, network order, IPv4 in word 0.</summary>
    public AddressWords Peer;

    /// <summary>Host order; 0 where the protocol has none.</summary>
    public ushort PeerPort;

    /// <summary>Host order; 0 where the protocol has none, or the socket none yet.</summary>
    public ushort LocalPort;

    /// <summary><see cref="AddressFamily"/> of the packets.</summary>
    public byte Family;

    /// <summary>IANA protocol number.</summary>
    public byte Protocol;

    /// <summary>Zero.</summary>
    public ushort Reserved;
}
