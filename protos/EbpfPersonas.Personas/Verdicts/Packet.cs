using System.Globalization;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Verdicts;

/// <summary>
/// The first packet of a flow as rules see it: the other end, and the port that the originator connects to (the peer's
/// for egress, the VM's own for ingress; 0 where the protocol has none).
/// </summary>
public sealed record Packet(
    Direction Direction, byte Protocol, IpAddress Peer, ushort Port = 0, byte IcmpType = 0, byte IcmpCode = 0)
{
    /// <summary>TCP, UDP or SCTP: the protocols whose ports rules can name.</summary>
    public bool HasPorts => Protocol is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp;

    /// <summary>ICMP or ICMPv6.</summary>
    public bool IsIcmp => Protocol is IpProtocol.Icmp or IpProtocol.IcmpV6;

    /// <summary>
    /// For people: "egress tcp 10.0.0.11 port 3306", "ingress icmp 10.0.0.1 type 8 code 0", "egress 47 10.0.0.9".
    /// </summary>
    public string Words => string.Create(
        CultureInfo.InvariantCulture,
        $"{(Direction == Direction.Ingress ? "ingress" : "egress")} {IpProtocol.Word(Protocol)} {Peer}" +
        $"{(HasPorts ? $" port {Port}" : IsIcmp ? $" type {IcmpType} code {IcmpCode}" : "")}");
}
