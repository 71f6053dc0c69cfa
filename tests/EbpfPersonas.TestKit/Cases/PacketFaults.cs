using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.Cases;

/// <summary>What is decided before any persona is asked: packets that cannot be read, and the failsafe.</summary>
internal static class PacketFaults
{
    /// <summary>The reason to drop a packet that cannot be read whole, or contradicts itself; or null.</summary>
    public static string? Find(CasePacket packet)
    {
        if (packet.Extensions.Length + (packet.Fragment != Fragment.Whole && packet.Remote.IsV6 ? 1 : 0) > 6)
        {
            return "unknown_protocol";
        }

        if (packet.Fragment == Fragment.Later)
        {
            return null;
        }

        var length = Transport.Build(packet).Length;
        if (packet.Cut < length)
        {
            return "truncated";
        }

        if (packet.Fragment == Fragment.First && (length % 8 != 0 || !MayBeFragmented(packet)))
        {
            return "fragment";
        }

        return (packet.Protocol == IpProtocol.Tcp && !IsPossible(packet.Flags)) || !IsGoodOnLink(packet, length)
            ? "invalid_packet"
            : null;
    }

    /// <summary>
    /// The control bits that make sense together (RFC 9293 section 3.10.7); PSH and those of RFC 3168 go with all.
    /// </summary>
    public static bool IsPossible(TcpControl flags) =>
        (flags & ~(TcpControl.Psh | TcpControl.Ece | TcpControl.Cwr)) is
            TcpControl.Syn or (TcpControl.Syn | TcpControl.Urg) or (TcpControl.Syn | TcpControl.Ack)
            or TcpControl.Rst or (TcpControl.Rst | TcpControl.Ack)
            or (TcpControl.Fin | TcpControl.Ack) or (TcpControl.Fin | TcpControl.Ack | TcpControl.Urg)
            or TcpControl.Ack or (TcpControl.Ack | TcpControl.Urg);

    /// <summary>
    /// A source that is no host's comes in: this network, loopback, multicast and beyond; of IPv6 unspecified,
    /// loopback, mapped and multicast. 0.0.0.0 speaks to DHCP servers, and IGMP.
    /// </summary>
    public static bool IsMartian(CasePacket packet)
    {
        if (packet.Direction == Direction.Egress)
        {
            return false;
        }

        var bits = packet.Remote.Bits;
        if (packet.Remote.IsV6)
        {
            return bits <= 1 || bits >> 32 == 0xffff || bits >> 120 == 0xff;
        }

        return bits == 0
            ? packet.Protocol != 2 && packet is not { Protocol: IpProtocol.Udp, RemotePort: 68, LocalPort: 67 }
            : (int)(bits >> 24) is 0 or 127 or >= 224;
    }

    /// <summary>Neither what quotes others nor, in IPv6, what neighbours say (RFC 6980).</summary>
    private static bool MayBeFragmented(CasePacket packet) =>
        !IsOwnIcmp(packet) || packet.IsEcho()
        || (!packet.Remote.IsV6 && !packet.IsIcmpError() && packet.IcmpType != 5);

    /// <summary>RFC 4861 sections 6.1, 7.1 and 8.1; RFC 2710 section 3, RFC 3590.</summary>
    private static bool IsGoodOnLink(CasePacket packet, int length)
    {
        if (!packet.Remote.IsV6 || packet.Protocol != IpProtocol.IcmpV6)
        {
            return true;
        }

        var isLinkLocal = packet.Source.Bits >> 118 == 0xfe80 >> 6;
        return packet.IcmpType switch
        {
            >= 133 and <= 137 => packet is { HopLimit: 255, IcmpCode: 0 }
                && length >= packet.IcmpType switch { 133 => 8, 134 => 16, 137 => 40, _ => 24 }
                && (isLinkLocal || packet.IcmpType is not (134 or 137)),
            (>= 130 and <= 132) or 143 => packet.HopLimit == 1
                && (isLinkLocal || (packet.Source.Bits == 0 && packet.IcmpType != 130)),
            _ => true,
        };
    }

    /// <summary>The packet that an ICMP error quotes, where the error goes to the one who sent it; or null.</summary>
    public static CasePacket? QuotedByError(this CasePacket packet) =>
        packet.IsIcmpError() && packet.Quoted is { Fragment: not Fragment.Later, Cut: null or >= 8 } quoted &&
        quoted.Direction != packet.Direction &&
        (packet.Direction == Direction.Ingress || packet.Remote == quoted.Remote)
            ? quoted
            : null;

    /// <summary>DHCP and DHCPv6 client, neighbour discovery that never crossed a router, MLD of this link.</summary>
    public static bool IsFailsafe(CasePacket packet) => packet switch
    {
        { Protocol: IpProtocol.Udp, Remote.IsV6: false } => packet is { LocalPort: 68, RemotePort: 67 },
        { Protocol: IpProtocol.Udp } => packet is { LocalPort: 546, RemotePort: 547 },
        { Protocol: IpProtocol.IcmpV6, Remote.IsV6: true, IcmpType: 134 or 137, Direction: Direction.Egress } => false,
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
    public static bool MayMakeFlow(this CasePacket packet) => packet.Fragment != Fragment.Later && MayBegin(packet);

    private static bool MayBegin(CasePacket packet) => packet.Protocol == IpProtocol.Tcp
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
        return packet.Fragment != Fragment.Later && !resets && !isErrorOrRedirect
            && IsSingleHost(packet.Source) && IsSingleHost(packet.Destination);
    }

    /// <summary>
    /// Not 0/8, 127/8 or 224/3 (multicast, reserved, broadcast); not ff00::/8, nor ::/64 (unspecified, loopback,
    /// mapped).
    /// </summary>
    private static bool IsSingleHost(IpAddress address) => address.IsV6
        ? address.Bits >> 120 != 0xff && address.Bits >> 64 != 0
        : (int)(address.Bits >> 24) is not (0 or 127 or >= 224);
}
