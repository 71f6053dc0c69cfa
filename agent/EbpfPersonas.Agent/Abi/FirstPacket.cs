using System.Runtime.InteropServices;
using EbpfPersonas.Personas.Verdicts;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct first_packet of bpf/abi: the first packet of a flow, as rules see it.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FirstPacket
{
    /// <summary>The other end, network order, IPv4 in word 0.</summary>
    public AddressWords Peer;

    /// <summary>The port that the originator connects to, host order.</summary>
    public ushort Port;

    /// <summary><see cref="PacketDirection"/>.</summary>
    public byte Direction;

    /// <summary><see cref="AddressFamily"/>.</summary>
    public byte Family;

    /// <summary>IANA protocol number.</summary>
    public byte Protocol;

    /// <summary>Of ICMP and ICMPv6.</summary>
    public byte IcmpType;

    /// <summary>Of ICMP and ICMPv6.</summary>
    public byte IcmpCode;

    /// <summary>Zero.</summary>
    public byte Reserved;

    /// <summary>The same packet as the model has it.</summary>
    public static FirstPacket From(Packet packet)
    {
        ArgumentNullException.ThrowIfNull(packet);
        return new FirstPacket
        {
            Peer = AddressWords.From(packet.Peer),
            Port = packet.Port,
            Direction = (byte)(packet.Direction == Personas.Model.Direction.Ingress
                ? PacketDirection.Ingress
                : PacketDirection.Egress),
            Family = (byte)(packet.Peer.IsV6 ? AddressFamily.Ipv6 : AddressFamily.Ipv4),
            Protocol = packet.Protocol,
            IcmpType = packet.IcmpType,
            IcmpCode = packet.IcmpCode,
        };
    }
}
