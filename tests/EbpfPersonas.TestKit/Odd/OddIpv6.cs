using EbpfPersonas.Agent.Abi;
using static EbpfPersonas.TestKit.Odd.OddCases;
using static EbpfPersonas.TestKit.Odd.OddFrame;

namespace EbpfPersonas.TestKit.Odd;

/// <summary>IPv6 headers and what may stand behind them (RFC 8200).</summary>
internal static class OddIpv6
{
    private const byte Hop = 0, TcpHeader = 6, Routing = 43, Authentication = 51, Destination = 60;

    private static readonly byte[] Tcp = Of("tcp [2001:db8::77]:9 > local:21001");
    private static readonly byte[] Udp = Of("udp [2001:db8::77]:9 > local:21002 payload=20");

    public static IReadOnlyList<OddCase> Cases { get; } =
    [
        In("IPv6 with version 4", Reason.InvalidPacket, Tcp.With(Ip, 0x40), Tcp),
        In("IPv6 payload length that cuts TCP's header", Reason.Truncated, Tcp.With16(Ip + 4, 19), Tcp),
        In("IPv6 payload length that leaves nothing of UDP", Reason.Truncated, Udp.With16(Ip + 4, 7), Udp),
        In("IPv6 payload length 0 of what is no jumbogram", Reason.Truncated, Tcp.With16(Ip + 4, 0), Tcp),
        In("a jumbogram that is shorter than other packets", Reason.Truncated,
            Tcp.WithIpv6Extensions(Hop, TcpHeader, 0, 0xc2, 4, 0, 1, 0, 0).With16(Ip + 4, 0),
            Tcp.WithIpv6Extensions(Hop, Pad(TcpHeader))),
        In("IPv6 payload length one beyond the frame", Reason.Truncated, Tcp.With16(Ip + 4, 21), Tcp),
        In("an IPv6 header of which TCP's end is padding", Reason.Truncated,
            Tcp.With16(Ip + 4, 18).Padded(9), Tcp.Padded(9)),
        In("hop-by-hop options behind other options", Reason.InvalidPacket,
            Tcp.WithIpv6Extensions(Destination, [.. Pad(Hop), .. Pad(TcpHeader)]),
            Tcp.WithIpv6Extensions(Hop, [.. Pad(Destination), .. Pad(TcpHeader)])),
        In("hop-by-hop options twice", Reason.InvalidPacket,
            Tcp.WithIpv6Extensions(Hop, [.. Pad(Hop), .. Pad(TcpHeader)]),
            Tcp.WithIpv6Extensions(Hop, Pad(TcpHeader))),
        In("a routing header of type 0", Reason.InvalidPacket,
            Tcp.WithIpv6Extensions(Routing, TcpHeader, 0, 0, 0, 0, 0, 0, 0),
            Tcp.WithIpv6Extensions(Routing, TcpHeader, 0, 4, 0, 0, 0, 0, 0)),
        Out("a routing header of type 0 with segments left", Reason.InvalidPacket,
            Of("tcp local:21003 > [2001:db8::77]:9").WithIpv6Extensions(
                Routing, [TcpHeader, 2, 0, 1, 0, 0, 0, 0, 0x20, 1, 0x0d, 0xb8, .. new byte[12]]),
            Of("tcp local:21003 > [2001:db8::77]:9").WithIpv6Extensions(
                Routing, [TcpHeader, 2, 2, 1, 0, 0, 0, 0, 0x20, 1, 0x0d, 0xb8, .. new byte[12]])),
        In("an extension header that reaches beyond the packet", Reason.Truncated,
            Tcp.WithIpv6Extensions(Destination, Pad(TcpHeader).With(1, 9)),
            Tcp.WithIpv6Extensions(Destination, Pad(TcpHeader))),
        In("an extension header cut off by the payload length", Reason.Truncated,
            Tcp.WithIpv6Extensions(Destination, Pad(TcpHeader)).With16(Ip + 4, 4),
            Tcp.WithIpv6Extensions(Destination, Pad(TcpHeader))),
        In("seven extension headers", Reason.UnknownProtocol,
            Tcp.WithIpv6Extensions(Destination, [.. Chain(6), .. Pad(TcpHeader)]),
            Tcp.WithIpv6Extensions(Destination, [.. Chain(5), .. Pad(TcpHeader)])),
        Out("a denied port behind six extension headers", Reason.DeniedRule,
            Of("tcp local:21004 > [2001:db8::77]:4444").WithIpv6Extensions(
                Destination, [.. Chain(5), .. Pad(TcpHeader)]),
            Of("tcp local:21004 > [2001:db8::77]:4445").WithIpv6Extensions(
                Destination, [.. Chain(5), .. Pad(TcpHeader)])),
        In("a denied port behind AH, whose length counts otherwise", Reason.DeniedRule,
            Of("udp [2001:db8::77]:9 > local:4444 ext=ah"), Of("udp [2001:db8::77]:9 > local:4445 ext=ah")),
        In("a denied port behind AH that is longer than usual", Reason.DeniedRule,
            Of("udp [2001:db8::77]:10 > local:4444").WithIpv6Extensions(
                Authentication, [17, 5, .. new byte[26]]),
            Of("udp [2001:db8::77]:10 > local:4445").WithIpv6Extensions(
                Authentication, [17, 5, .. new byte[26]])),
    ];

    /// <summary>Eight octets of options: PadN of four.</summary>
    private static byte[] Pad(byte next) => [next, 0, 1, 4, 0, 0, 0, 0];

    /// <summary>Destination options that lead to more of them.</summary>
    private static IEnumerable<byte> Chain(int count) =>
        Enumerable.Range(0, count).SelectMany(_ => Pad(Destination));
}
