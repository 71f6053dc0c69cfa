using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Personas.Model;
using static EbpfPersonas.TestKit.Odd.OddCases;
using static EbpfPersonas.TestKit.Odd.OddFrame;

namespace EbpfPersonas.TestKit.Odd;

/// <summary>Parts of datagrams (RFC 791, RFC 1858, RFC 5722, RFC 6946, RFC 6980, RFC 7112, RFC 8200).</summary>
public static class OddFragments
{
    private const byte Destination = 60;

    private static readonly byte[] Udp = Of("udp 10.0.0.77:9 > local:23001 payload=56");
    private static readonly byte[] Tcp = Of("tcp 10.0.0.77:9 > local:23002 payload=60");
    private static readonly byte[] Out4 = Of("udp local:23003 > 10.0.0.77:9 payload=56");
    private static readonly byte[] Udp6 = Of("udp [2001:db8::77]:9 > local:23004 payload=56");
    private static readonly byte[] Out6 = Of("udp local:23005 > [2001:db8::77]:9 payload=56");
    private static readonly byte[] Echo = Of("icmp 10.0.0.77 > local type=8 id=5 payload=56");

    internal static IReadOnlyList<OddCase> Cases { get; } =
    [
        Parts("a later part without its first", [Udp.Ipv4Part(1, 32, 32, false)],
            [Udp.Ipv4Part(2, 0, 32, true), Udp.Ipv4Part(2, 32, 32, false)]),
        Parts("a later part of another datagram", [Udp.Ipv4Part(3, 0, 32, true), Udp.Ipv4Part(4, 32, 32, false)],
            [Udp.Ipv4Part(5, 0, 32, true), Udp.Ipv4Part(5, 32, 16, true), Udp.Ipv4Part(5, 48, 16, false)]),
        Parts("a later part of another protocol",
            [Udp.Ipv4Part(6, 0, 32, true), Udp.Ipv4Part(6, 32, 32, false).With(Ip + 9, 6)],
            [Udp.Ipv4Part(7, 0, 32, true), Udp.Ipv4Part(7, 32, 32, false)]),
        Parts("a later part from somebody else",
            [Udp.Ipv4Part(8, 0, 32, true), Udp.Ipv4Part(8, 32, 32, false).With(Ip + 15, 78)],
            [Udp.Ipv4Part(9, 0, 32, true), Udp.Ipv4Part(9, 32, 32, false)]),
        Parts("a later part whose first was denied, as it was itself",
            [Of("udp 10.0.0.77:11 > local:4445 payload=56").Ipv4Part(10, 32, 32, false)],
            [
                Of("udp 10.0.0.77:11 > local:4445 payload=56").Ipv4Part(11, 0, 32, true),
                Of("udp 10.0.0.77:11 > local:4445 payload=56").Ipv4Part(11, 32, 32, false),
            ]),
        Case(Direction.Ingress, "a first part to a denied port", Reason.DeniedRule,
            [Of("udp 10.0.0.77:12 > local:4444 payload=56").Ipv4Part(12, 0, 32, true)],
            [Of("udp 10.0.0.77:12 > local:4445 payload=56").Ipv4Part(12, 0, 32, true)]),
        Case(Direction.Egress, "a later part that goes out without its first", Reason.Fragment,
            [Out4.Ipv4Part(13, 32, 32, false)],
            [Out4.Ipv4Part(14, 0, 32, true), Out4.Ipv4Part(14, 32, 32, false)], Reason.Established),
        Parts("a first part with half of UDP's header", [Udp.Ipv4Part(15, 0, 4, false).With16(Ip + 6, 0x2000)],
            [Udp.Ipv4Part(16, 0, 8, true)], Reason.DefaultAllow),
        Parts("a first part with eight octets of TCP", [Tcp.Ipv4Part(17, 0, 8, true)],
            [Tcp.Ipv4Part(18, 0, 24, true)], Reason.DefaultAllow),
        Parts("a first part that ends in TCP's options",
            [Tcp.With(Ipv4Transport + 12, 0x80).Ipv4Part(19, 0, 24, true)],
            [Tcp.With(Ipv4Transport + 12, 0x60).Ipv4Part(20, 0, 24, true)], Reason.DefaultAllow),
        Parts("a part that would overwrite TCP's flags",
            [Tcp.Ipv4Part(21, 0, 24, true), Tcp.Ipv4Part(21, 8, 16, true)],
            [Tcp.Ipv4Part(22, 0, 24, true), Tcp.Ipv4Part(22, 24, 16, true)]),
        Parts("a part that overlaps the end of the first",
            [Udp.Ipv4Part(23, 0, 32, true), Udp.Ipv4Part(23, 24, 32, false)],
            [Udp.Ipv4Part(24, 0, 32, true), Udp.Ipv4Part(24, 32, 24, false)]),
        Parts("a part that ends beyond 65,535 octets",
            [Udp.Ipv4Part(25, 0, 32, true), Udp.Ipv4Part(25, 65528, 16, false)],
            [Udp.Ipv4Part(26, 0, 32, true), Udp.Ipv4Part(26, 65488, 16, false)]),
        Parts("a last part of no octets", [Udp.Ipv4Part(27, 0, 32, true), Udp.Ipv4Part(27, 32, 0, false)],
            [Udp.Ipv4Part(28, 0, 32, true), Udp.Ipv4Part(28, 32, 1, false)]),
        Parts("a first part of no octets", [Udp.Ipv4Part(29, 0, 0, true).Padded(12)],
            [Udp.Ipv4Part(30, 0, 8, true).Padded(4)], Reason.DefaultAllow),
        Parts("a part that is not the last and ends between the units",
            [Udp.Ipv4Part(31, 0, 32, true), Udp.Ipv4Part(31, 32, 30, true)],
            [Udp.Ipv4Part(32, 0, 32, true), Udp.Ipv4Part(32, 32, 30, false)]),
        Parts("an ICMP error in parts",
            [Of("icmp 10.0.0.77 > local type=3 code=1 payload=56").Ipv4Part(33, 0, 32, true)],
            [Echo.Ipv4Part(34, 0, 32, true), Echo.Ipv4Part(34, 32, 32, false)]),
        Parts("a redirect in parts",
            [Of("icmp 10.0.0.77 > local type=5 code=1 payload=56").Ipv4Part(35, 0, 32, true)],
            [Echo.Ipv4Part(36, 0, 32, true)], Reason.DefaultAllow),
        Parts("a later part of IPv6 without its first", [Udp6.Ipv6Part(1, 32, 32, false)],
            [Udp6.Ipv6Part(2, 0, 32, true), Udp6.Ipv6Part(2, 32, 32, false)]),
        Parts("a later part of IPv6 of another datagram",
            [Udp6.Ipv6Part(3, 0, 32, true), Udp6.Ipv6Part(4, 32, 32, false)],
            [Udp6.Ipv6Part(5, 0, 32, true), Udp6.Ipv6Part(5, 32, 32, false).With(Ipv6Transport, 6)]),
        Case(Direction.Egress, "a later part of IPv6 that goes out without its first", Reason.Fragment,
            [Out6.Ipv6Part(6, 32, 32, false)],
            [Out6.Ipv6Part(7, 0, 32, true), Out6.Ipv6Part(7, 32, 32, false)], Reason.Established),
        Parts("two fragment headers",
            [Udp6.Ipv6Part(8, 0, 64, false).Ipv6Part(8, 0, 72, false)],
            [Udp6.Ipv6Part(9, 0, 64, false)], Reason.DefaultAllow),
        Parts("a first part of IPv6 that ends in its extension headers",
            [
                Of("udp [2001:db8::77]:9 > local:23006 payload=56")
                    .WithIpv6Extensions(Destination, 17, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
                    .Ipv6Part(10, 0, 8, true),
            ],
            [
                Of("udp [2001:db8::77]:9 > local:23006 payload=56")
                    .WithIpv6Extensions(Destination, 17, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
                    .Ipv6Part(11, 0, 24, true),
            ],
            Reason.DefaultAllow),
        Parts("a part of IPv6 over the end of the first's headers",
            [Udp6.Ipv6Part(12, 0, 16, true), Udp6.Ipv6Part(12, 8, 32, false)],
            [Udp6.Ipv6Part(13, 0, 16, true), Udp6.Ipv6Part(13, 16, 32, false)]),
        Parts("a part of IPv6 beyond 65,535 octets",
            [Udp6.Ipv6Part(14, 0, 32, true), Udp6.Ipv6Part(14, 65528, 16, false)],
            [Udp6.Ipv6Part(15, 0, 32, true), Udp6.Ipv6Part(15, 65512, 16, false)]),
        Parts("a last part of IPv6 of no octets",
            [Udp6.Ipv6Part(16, 0, 32, true), Udp6.Ipv6Part(16, 32, 0, false)],
            [Udp6.Ipv6Part(17, 0, 32, true), Udp6.Ipv6Part(17, 32, 8, false)]),
        Parts("a part of IPv6 that is not the last and ends between the units",
            [Udp6.Ipv6Part(18, 0, 30, true)], [Udp6.Ipv6Part(19, 0, 32, true)], Reason.DefaultAllow),
        Parts("neighbour discovery in parts",
            [Of("icmpv6 fe80::77 > local type=134 hop=255 payload=56").Ipv6Part(20, 0, 32, true)],
            [Of("icmpv6 fe80::77 > local type=134 hop=255 payload=56")], Reason.Failsafe),
    ];

    /// <summary>The first half of a datagram that comes in to a port; the id of the datagram is 0-65535.</summary>
    public static byte[] FirstPart(int port, int id, int version = 4) => Half(port, id, version, 0);

    /// <summary>The other half.</summary>
    public static byte[] LastPart(int port, int id, int version = 4) => Half(port, id, version, 32);

    private static byte[] Half(int port, int id, int version, int offset) =>
        version == 4
            ? Of($"udp 10.0.0.77:9 > local:{port} payload=56").Ipv4Part(id, offset, 32, offset == 0)
            : Of($"udp [2001:db8::77]:9 > local:{port} payload=56").Ipv6Part(id, offset, 32, offset == 0);

    private static OddCase Parts(
        string name, IReadOnlyList<byte[]> bad, IReadOnlyList<byte[]> good, Reason passes = Reason.Established) =>
        Case(Direction.Ingress, name, Reason.Fragment, bad, good, passes);
}
