using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Personas.Model;
using static EbpfPersonas.TestKit.Odd.OddCases;
using static EbpfPersonas.TestKit.Odd.OddFrame;

namespace EbpfPersonas.TestKit.Odd;

/// <summary>
/// Sources and destinations that cannot be (RFC 1122 section 3.2.1.3, RFC 1812 section 5.3.7, RFC 4291), and sources
/// that are not the VM's.
/// </summary>
internal static class OddAddresses
{
    private const int Source4 = Ip + 12, Destination4 = Ip + 16, Source6 = Ip + 8, Destination6 = Ip + 24;

    private static readonly byte[] Udp = Of("udp 10.0.0.77:9 > local:24001 payload=20");
    private static readonly byte[] Tcp = Of("tcp 10.0.0.77:9 > local:24002");
    private static readonly byte[] Udp6 = Of("udp [2001:db8::77]:9 > local:24003 payload=20");

    public static IReadOnlyList<OddCase> Cases { get; } =
    [
        Martian("from an IPv4 multicast address", Udp.With(Source4, 224, 0, 0, 1), Udp),
        Martian("from the IPv4 broadcast address", Udp.With(Source4, 255, 255, 255, 255), Udp),
        Martian("from a reserved IPv4 address", Udp.With(Source4, 240, 0, 0, 1), Udp),
        Martian("from IPv4 loopback", Tcp.With(Source4, 127, 0, 0, 1), Tcp),
        Martian("from 0.1.2.3", Tcp.With(Source4, 0, 1, 2, 3), Tcp),
        Martian("from 0.0.0.0, and not to a DHCP server", Udp.With(Source4, 0, 0, 0, 0),
            Of("udp 0.0.0.0:68 > local:67 payload=20")),
        Martian("from the VM's own IPv4 address", Tcp.With(Source4, 10, 0, 0, 5), Tcp),
        Martian("to IPv4 loopback", Udp.With(Destination4, 127, 0, 0, 1), Udp),
        Martian("to 0.0.0.0", Udp.With(Destination4, 0, 0, 0, 0), Udp),
        Martian("to a reserved IPv4 address", Udp.With(Destination4, 250, 0, 0, 1),
            Udp.With(Destination4, 224, 0, 0, 251)),
        Martian("from the IPv4 multicast address of an ICMP message",
            Of("icmp 10.0.0.77 > local type=13 payload=12").With(Source4, 239, 1, 1, 1),
            Of("icmp 10.0.0.77 > local type=13 payload=12")),
        Martian("from an IPv6 multicast address", Udp6.With(Source6, Six("ff02::1")), Udp6),
        Martian("from IPv6 loopback", Udp6.With(Source6, Six("::1")), Udp6),
        Martian("from the unspecified IPv6 address", Udp6.With(Source6, Six("::")), Udp6),
        Martian("from an IPv4 address in IPv6's form", Udp6.With(Source6, Six("::ffff:10.0.0.77")), Udp6),
        Martian("from the VM's own IPv6 address", Udp6.With(Source6, Six("2001:db8::5")), Udp6),
        Martian("to IPv6 loopback", Udp6.With(Destination6, Six("::1")), Udp6),
        Martian("to the unspecified IPv6 address", Udp6.With(Destination6, Six("::")), Udp6),
        Martian("to an IPv4 address in IPv6's form", Udp6.With(Destination6, Six("::ffff:10.0.0.5")), Udp6),
        Martian("to multicast of one interface", Udp6.With(Destination6, Six("ff01::1")),
            Udp6.With(Destination6, Six("ff02::1"))),
        Spoofed("from another IPv4 address", Of("udp local:24004 > 10.0.0.77:9").With(Source4, 10, 0, 0, 6),
            Of("udp local:24004 > 10.0.0.77:9")),
        Spoofed("from IPv4 loopback", Of("tcp local:24005 > 10.0.0.77:9").With(Source4, 127, 0, 0, 1),
            Of("tcp local:24005 > 10.0.0.77:9")),
        Spoofed("from 0.0.0.0, and not to a DHCP server",
            Of("udp local:24006 > 255.255.255.255:67").With(Source4, 0, 0, 0, 0),
            Of("udp local:68 > 255.255.255.255:67").With(Source4, 0, 0, 0, 0), Reason.Failsafe),
        Spoofed("from another IPv4 address in an echo request",
            Of("icmp local > 10.0.0.77 type=8 id=9").With(Source4, 10, 0, 0, 6),
            Of("icmp local > 10.0.0.77 type=8 id=9")),
        Spoofed("from another IPv4 address in a protocol without ports",
            Of("47 local > 10.0.0.77 payload=20").With(Source4, 10, 0, 0, 6), Of("47 local > 10.0.0.77 payload=20")),
        Spoofed("from another IPv6 address",
            Of("tcp local:24007 > [2001:db8::77]:9").With(Source6, Six("2001:db8::6")),
            Of("tcp local:24007 > [2001:db8::77]:9")),
        Spoofed("from the unspecified IPv6 address",
            Of("udp local:24008 > [2001:db8::77]:9").With(Source6, Six("::")),
            Of("udp local:24008 > [2001:db8::77]:9")),
    ];

    private static OddCase Martian(string name, byte[] bad, byte[] good) => In(name, Reason.Martian, bad, good);

    private static OddCase Spoofed(string name, byte[] bad, byte[] good, Reason passes = Reason.DefaultAllow) =>
        Out($"sent {name}", Reason.SpoofedSource, bad, good, passes);

    private static byte[] Six(string address) =>
        address.StartsWith("::ffff:", StringComparison.Ordinal)
            ? [.. new byte[10], 0xff, 0xff, .. IpAddress.Parse(address.AsSpan(7)).ToBytes()]
            : IpAddress.Parse(address).ToBytes();
}
