using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.Cases;

/// <summary>What is decided before any persona is asked: packets that cannot be read, and the failsafe.</summary>
internal static class PacketFaults
{
    /// <summary>The reason to drop a packet that cannot be read whole, or null.</summary>
    public static string? Find(CasePacket packet)
    {
        if (packet.Fragment != Fragment.Whole)
        {
            return "fragment";
        }

        if (packet.Extensions.Length > 6)
        {
            return "unknown_protocol";
        }

        if (packet.Cut < Transport.Build(packet).Length)
        {
            return "truncated";
        }

        return packet.Protocol == IpProtocol.Tcp && !IsTcpCombination(packet.Flags) ? "invalid_packet" : null;
    }

    /// <summary>SYN, SYN+ACK, RST, RST+ACK, FIN+ACK, ACK; URG goes with SYN, ACK and FIN+ACK.</summary>
    private static bool IsTcpCombination(TcpControl flags) =>
        (flags & ~(TcpControl.Psh | TcpControl.Ece | TcpControl.Cwr)) is
            TcpControl.Syn or (TcpControl.Syn | TcpControl.Urg) or (TcpControl.Syn | TcpControl.Ack) or
            TcpControl.Rst or (TcpControl.Rst | TcpControl.Ack) or
            (TcpControl.Fin | TcpControl.Ack) or (TcpControl.Fin | TcpControl.Ack | TcpControl.Urg) or
            TcpControl.Ack or (TcpControl.Ack | TcpControl.Urg);

    /// <summary>DHCP and DHCPv6 client, neighbour discovery that never crossed a router, MLD of this link.</summary>
    public static bool IsFailsafe(CasePacket packet) => packet switch
    {
        { Protocol: IpProtocol.Udp, Remote.IsV6: false } => packet is { LocalPort: 68, RemotePort: 67 },
        { Protocol: IpProtocol.Udp } => packet is { LocalPort: 546, RemotePort: 547 },
        { Protocol: IpProtocol.IcmpV6, Remote.IsV6: true, IcmpType: >= 133 and <= 137 } => packet.HopLimit == 255,
        { Protocol: IpProtocol.IcmpV6, Remote.IsV6: true, IcmpType: (>= 130 and <= 132) or 143 } =>
            packet.HopLimit == 1,
        _ => false,
    };

    /// <summary>ICMP in IPv4, ICMPv6 in IPv6.</summary>
    private static bool IsOwnIcmp(CasePacket packet) =>
        packet.Protocol == (packet.Remote.IsV6 ? IpProtocol.IcmpV6 : IpProtocol.Icmp);

    public static bool IsEchoRequest(this CasePacket packet) =>
        IsOwnIcmp(packet) && packet.IcmpType == (packet.Remote.IsV6 ? 128 : 8);

    public static bool IsEcho(this CasePacket packet) =>
        packet.IsEchoRequest() || (IsOwnIcmp(packet) && packet.IcmpType == (packet.Remote.IsV6 ? 129 : 0));

    /// <summary>RFC 792: unreachable, source quench, time exceeded, parameter problem. RFC 4443: 1 to 4.</summary>
    public static bool IsIcmpError(this CasePacket packet) =>
        IsOwnIcmp(packet)
        && (packet.Remote.IsV6 ? packet.IcmpType is >= 1 and <= 4 : packet.IcmpType is 3 or 4 or 11 or 12);

    /// <summary>SYN without ACK, RST and FIN.</summary>
    public static bool OpensConnection(this CasePacket packet) =>
        packet.Protocol == IpProtocol.Tcp &&
        (packet.Flags & (TcpControl.Syn | TcpControl.Ack | TcpControl.Rst | TcpControl.Fin)) == TcpControl.Syn;

    /// <summary>Neither an answer nor a farewell begins a flow.</summary>
    public static bool MayMakeFlow(this CasePacket packet) => packet.Protocol == IpProtocol.Tcp
        ? (packet.Flags & (TcpControl.Rst | TcpControl.Fin)) == 0
            && !packet.Flags.HasFlag(TcpControl.Syn | TcpControl.Ack)
        : !packet.IsIcmp || packet.IsEchoRequest();

    /// <summary>
    /// Whether the sender may be told that the packet was rejected: never of a reset, an ICMP error or redirect (RFC
    /// 1122 section 3.2.2, RFC 4443 section 2.4), nor where an end is not one host's address.
    /// </summary>
    public static bool MayBeAnswered(this CasePacket packet)
    {
        var resets = packet.Protocol == IpProtocol.Tcp && packet.Flags.HasFlag(TcpControl.Rst);
        var isErrorOrRedirect = IsOwnIcmp(packet)
            && (packet.Remote.IsV6 ? packet.IcmpType is < 128 or 137 : packet.IcmpType is 3 or 4 or 5 or 11 or 12);
        return !resets && !isErrorOrRedirect && IsSingleHost(packet.Source) && IsSingleHost(packet.Destination);
    }

    /// <summary>
    /// Not 0/8, 127/8 or 224/3 (multicast, reserved, broadcast); not ff00::/8, nor ::/64 (unspecified, loopback,
    /// mapped).
    /// </summary>
    private static bool IsSingleHost(IpAddress address) => address.IsV6
        ? address.Bits >> 120 != 0xff && address.Bits >> 64 != 0
        : (int)(address.Bits >> 24) is not (0 or 127 or >= 224);
}
