using EbpfPersonas.Agent.Abi;
using static EbpfPersonas.TestKit.Odd.OddCases;
using static EbpfPersonas.TestKit.Odd.OddFrame;

namespace EbpfPersonas.TestKit.Odd;

/// <summary>TCP, UDP, SCTP and ICMP headers (RFC 9293, RFC 768, RFC 9260, RFC 792).</summary>
internal static class OddTransport
{
    private const int Flags = 13;

    private static readonly byte[] Tcp = Of("tcp 10.0.0.77:9 > local:22001 payload=4");
    private static readonly byte[] Tcp6 = Of("tcp [2001:db8::77]:9 > local:22002 payload=4");
    private static readonly byte[] Udp = Of("udp 10.0.0.77:9 > local:22003 payload=20");
    private static readonly byte[] Udp6 = Of("udp [2001:db8::77]:9 > local:22004 payload=20");

    public static IReadOnlyList<OddCase> Cases { get; } =
    [
        In("a TCP header of 16 octets", Reason.InvalidPacket, Tcp.With(Ipv4Transport + 12, 0x40), Tcp),
        In("a TCP header of no octets", Reason.InvalidPacket, Tcp6.With(Ipv6Transport + 12, 0), Tcp6),
        In("TCP options beyond the packet", Reason.Truncated, Tcp.With(Ipv4Transport + 12, 0x70), Tcp),
        In("TCP options beyond an IPv6 packet", Reason.Truncated, Tcp6.With(Ipv6Transport + 12, 0xf0), Tcp6),
        In("a UDP length shorter than its header", Reason.InvalidPacket, Udp.With16(Ipv4Transport + 4, 7), Udp),
        In("a UDP length of 0 in IPv6", Reason.InvalidPacket, Udp6.With16(Ipv6Transport + 4, 0), Udp6),
        In("a UDP length beyond the packet", Reason.Truncated, Udp.With16(Ipv4Transport + 4, 29), Udp),
        In("a UDP length beyond an IPv6 packet", Reason.Truncated, Udp6.With16(Ipv6Transport + 4, 65535), Udp6),
        In("eight octets of SCTP", Reason.Truncated,
            Of("sctp 10.0.0.77:9 > local:22005").With16(Ip + 2, 28), Of("sctp 10.0.0.77:9 > local:22005")),
        In("seven octets of ICMP", Reason.Truncated,
            Of("icmp 10.0.0.77 > local type=8 id=2 payload=12").With16(Ip + 2, 27),
            Of("icmp 10.0.0.77 > local type=8 id=2 payload=12")),
        In("seven octets of ICMPv6", Reason.Truncated,
            Of("icmpv6 2001:db8::77 > local type=128 id=3 payload=12").With16(Ip + 4, 7),
            Of("icmpv6 2001:db8::77 > local type=128 id=3 payload=12")),
        FlagCase("TCP without any flag", 0x00),
        FlagCase("TCP with FIN alone", 0x01),
        FlagCase("TCP with SYN and FIN", 0x03),
        FlagCase("TCP with SYN and RST", 0x06),
        FlagCase("TCP with FIN and RST", 0x05),
        FlagCase("TCP with SYN, ACK and FIN", 0x13),
        FlagCase("TCP with PSH alone", 0x08),
        FlagCase("TCP with URG alone", 0x20),
        FlagCase("TCP with FIN, PSH and URG: a Christmas tree", 0x29),
        FlagCase("TCP with every flag", 0xff),
        FlagCase("TCP with RST and URG", 0x24),
        FlagCase("TCP with ECE alone", 0x40),
        In("TCP without any flag in IPv6", Reason.InvalidPacket, Tcp6.With(Ipv6Transport + Flags, 0), Tcp6),
        In("TCP with SYN and FIN in IPv6", Reason.InvalidPacket, Tcp6.With(Ipv6Transport + Flags, 3), Tcp6),
        Out("TCP with SYN and FIN that goes out", Reason.InvalidPacket,
            Of("tcp local:22006 > 10.0.0.77:9").With(Ipv4Transport + Flags, 3), Of("tcp local:22006 > 10.0.0.77:9")),
        In("TCP options of which one is broken, and the ports denied", Reason.DeniedRule,
            WithTcpOptions(Of("tcp 10.0.0.77:9 > local:4444"), 3, 0, 3, 3),
            WithTcpOptions(Of("tcp 10.0.0.77:9 > local:4445"), 3, 0, 3, 3)),
    ];

    private static OddCase FlagCase(string name, byte flags) =>
        In(name, Reason.InvalidPacket, Tcp.With(Ipv4Transport + Flags, flags), Tcp);

    private static byte[] WithTcpOptions(byte[] frame, params byte[] options) =>
        ((byte[])[.. frame, .. options])
            .With(Ipv4Transport + 12, (byte)(0x50 + (options.Length << 2)))
            .With16(Ip + 2, frame.Read16(Ip + 2) + options.Length);
}
