using EbpfPersonas.Agent.Abi;
using static EbpfPersonas.TestKit.Odd.OddCases;
using static EbpfPersonas.TestKit.Odd.OddFrame;

namespace EbpfPersonas.TestKit.Odd;

/// <summary>IPv4 headers (RFC 791, RFC 1122 section 3.2.1).</summary>
internal static class OddIpv4
{
    private static readonly byte[] Udp = Of("udp 10.0.0.77:9 > local:20001 payload=20");
    private static readonly byte[] Tcp = Of("tcp 10.0.0.77:9 > local:20002");

    public static IReadOnlyList<OddCase> Cases { get; } =
    [
        In("IPv4 with version 5", Reason.InvalidPacket, Tcp.With(Ip, 0x55), Tcp),
        In("IPv4 with version 6", Reason.InvalidPacket, Tcp.With(Ip, 0x65), Tcp),
        In("IPv4 header of 16 octets", Reason.InvalidPacket, Tcp.With(Ip, 0x44), Tcp),
        In("IPv4 header of no octets", Reason.InvalidPacket, Tcp.With(Ip, 0x40), Tcp),
        In("IPv4 header longer than the packet", Reason.InvalidPacket, Tcp.With(Ip, 0x4f), Tcp),
        In("IPv4 total length shorter than the header", Reason.InvalidPacket, Tcp.With16(Ip + 2, 19), Tcp),
        In("IPv4 total length 0", Reason.InvalidPacket, Tcp.With16(Ip + 2, 0), Tcp),
        In("IPv4 total length that cuts TCP's header", Reason.Truncated, Tcp.With16(Ip + 2, 39), Tcp),
        In("IPv4 total length that leaves nothing of UDP", Reason.Truncated, Udp.With16(Ip + 2, 20), Udp),
        In("IPv4 total length one beyond the frame", Reason.Truncated, Tcp.With16(Ip + 2, 41), Tcp),
        In("IPv4 total length far beyond the frame", Reason.Truncated, Tcp.With16(Ip + 2, 65535), Tcp),
        In("a UDP header of which a half is the frame's padding", Reason.Truncated,
            Of("udp 10.0.0.77:9 > local:20003").With16(Ip + 2, 24).Padded(12),
            Of("udp 10.0.0.77:9 > local:20003").Padded(12)),
        In("a TCP header whose end is the frame's padding", Reason.Truncated,
            Of("tcp 10.0.0.77:9 > local:20004").With16(Ip + 2, 36).Padded(6),
            Of("tcp 10.0.0.77:9 > local:20004").Padded(6)),
        Out("a denied port behind IPv4 options", Reason.DeniedRule,
            Of("tcp local:20005 > 10.0.0.77:4444 options=8"), Of("tcp local:20005 > 10.0.0.77:4445 options=8")),
        In("a denied UDP port behind the most options there can be", Reason.DeniedRule,
            Of("udp 10.0.0.77:9 > local:4444 options=40"), Of("udp 10.0.0.77:9 > local:4445 options=40")),
        In("a loose source route", Reason.InvalidPacket,
            Tcp.WithIpv4Options(131, 7, 4, 10, 0, 0, 9, 0), Tcp.WithIpv4Options(1, 1, 1, 1, 1, 1, 1, 0)),
        Out("a strict source route behind another option", Reason.InvalidPacket,
            Of("udp local:20006 > 10.0.0.77:9").WithIpv4Options(1, 137, 7, 4, 10, 0, 0, 9),
            Of("udp local:20006 > 10.0.0.77:9").WithIpv4Options(148, 4, 0, 0)), // router alert, RFC 2113
        In("an IPv4 option longer than the header", Reason.InvalidPacket,
            Udp.WithIpv4Options(68, 12, 5, 0), Udp.WithIpv4Options(68, 4, 5, 0)),
        In("an IPv4 option of length 0", Reason.InvalidPacket,
            Udp.WithIpv4Options(7, 0, 4, 0), Udp.WithIpv4Options(7, 3, 4, 0)),
        In("an IPv4 option without a length", Reason.InvalidPacket,
            Udp.WithIpv4Options(1, 1, 1, 7), Udp.WithIpv4Options(1, 1, 1, 0)),
    ];
}
