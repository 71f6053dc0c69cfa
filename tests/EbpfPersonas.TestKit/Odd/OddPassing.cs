using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Personas.Model;
using static EbpfPersonas.TestKit.Odd.OddCases;
using static EbpfPersonas.TestKit.Odd.OddFrame;

namespace EbpfPersonas.TestKit.Odd;

/// <summary>
/// Odd, and let through where the rules allow the packet that is seen: what is inside a tunnel, or behind a protocol
/// without ports, is the business of whoever allows that protocol.
/// </summary>
internal static class OddPassing
{
    private static readonly byte[] Udp6 = Of("udp [2001:db8::77]:9 > local:26002 payload=20");

    public static IReadOnlyList<OddCase> Cases { get; } =
    [
        Passing("GRE", Of("47 10.0.0.77 > local payload=40")),
        Passing("IPv4 in IPv4", Of("4 10.0.0.77 > local payload=40")),
        Passing("IPv6 in IPv4", Of("41 10.0.0.77 > local payload=60")),
        Passing("IPv4 in IPv6", Of("4 2001:db8::77 > local payload=40")),
        Passing("AH in IPv4", Of("51 10.0.0.77 > local payload=40")),
        Passing("ESP in IPv6", Of("50 2001:db8::77 > local payload=40")),
        Passing("IPv6 with no next header", Of("59 2001:db8::77 > local payload=4")),
        Passing("a mobility header", Of("135 2001:db8::77 > local payload=8")),
        Passing("an unknown protocol", Of("253 10.0.0.77 > local payload=8")),
        Passing("VXLAN, by its outer header", Of("udp 10.0.0.77:9 > local:4789 payload=60")),
        Passing("an IPv6 datagram in one part", Udp6.Ipv6Part(40, 0, 28, false)),
        Passing("an IPv4 packet with the reserved flag", Of("udp 10.0.0.77:9 > local:26001").With(Ip + 6, 0x80)),
        Passing("an IPv4 packet to everybody",
            Of("udp 10.0.0.77:9 > local:26003").With(Ip + 16, 255, 255, 255, 255)),
        Passing("a packet to an IPv6 group", Udp6.With(Ip + 24, IpAddress.Parse("ff02::fb").ToBytes())),
        Passing("a TCP packet with ECE and CWR", Of("tcp 10.0.0.77:9 > local:26004 flags=synececwr")),
        Passing("a TCP packet with URG and PSH", Of("tcp 10.0.0.77:9 > local:26005 flags=ackpshurg")),
    ];

    private static OddCase Passing(string name, byte[] frame) =>
        Case(Direction.Ingress, name, Reason.DefaultAllow, [], [frame]);
}
