using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Personas.Model;
using static EbpfPersonas.TestKit.Odd.OddCases;
using static EbpfPersonas.TestKit.Odd.OddFrame;

namespace EbpfPersonas.TestKit.Odd;

/// <summary>
/// ARP (RFC 826, RFC 5227), neighbour discovery (RFC 4861), MLD (RFC 2710, RFC 3810), other ethertypes.
/// </summary>
internal static class OddNeighbours
{
    private const int Operation = 20, SenderHardware = 22, Sender = 28;
    private const int Hops = Ip + 7, Type = Ipv6Transport, Code = Ipv6Transport + 1, Target = Ipv6Transport + 8;

    private static readonly byte[] ArpIn = Arp(ingress: true);
    private static readonly byte[] ArpOut = Arp(ingress: false);
    private static readonly byte[] Solicitation = Neighbour("icmpv6 fe80::77 > local type=135 hop=255 payload=16");
    private static readonly byte[] Advertisement =
        Neighbour("icmpv6 fe80::77 > local type=136 hop=255 payload=16");

    private static readonly byte[] Router = Of("icmpv6 fe80::77 > local type=134 hop=255 payload=8");
    private static readonly byte[] Listener = Of("icmpv6 fe80::77 > local type=131 hop=1 payload=16 ext=hopopts");

    public static IReadOnlyList<OddCase> Cases { get; } =
    [
        Link("an ARP operation that is neither request nor reply", ArpIn.With16(Operation, 3), ArpIn),
        Link("ARP for another protocol than IPv4", ArpIn.With16(Ip + 2, 0x86dd), ArpIn),
        Link("ARP with hardware addresses of eight octets", ArpIn.With(Ip + 4, 8), ArpIn),
        Link("ARP that is cut off", ArpIn.Cut(40), ArpIn),
        Link("ARP in another station's name", ArpIn.With(SenderHardware + 5, 9), ArpIn, Reason.SpoofedSource),
        Link("ARP that claims the VM's address", ArpIn.With(Sender, 10, 0, 0, 5),
            ArpIn.With(Sender, 0, 0, 0, 0), Reason.SpoofedSource),
        Link("ARP from a multicast address", ArpIn.With(Sender, 224, 0, 0, 1), ArpIn, Reason.Martian),
        Link("ARP that claims an address that is not the VM's", ArpOut.With(Sender, 10, 0, 0, 6),
            ArpOut.With(Sender, 0, 0, 0, 0), Reason.SpoofedSource, Direction.Egress),
        Link("ARP that goes out in another station's name", ArpOut.With(SenderHardware + 5, 9), ArpOut,
            Reason.SpoofedSource, Direction.Egress),
        Link("a neighbour solicitation that crossed a router", Solicitation.With(Hops, 254), Solicitation),
        Link("a neighbour advertisement with a code", Advertisement.With(Code, 1), Advertisement),
        Link("a neighbour advertisement that is too short", Advertisement.With16(Ip + 4, 23), Advertisement),
        Link("a neighbour advertisement of a multicast address",
            Advertisement.With(Target, IpAddress.Parse("ff02::1").ToBytes()), Advertisement),
        Link("a neighbour advertisement that claims the VM's address",
            Advertisement.With(Target, IpAddress.Parse("2001:db8::5").ToBytes()), Advertisement,
            Reason.SpoofedSource),
        Link("a neighbour solicitation from the VM's own address",
            Solicitation.With(Ip + 8, IpAddress.Parse("2001:db8::5").ToBytes()),
            Solicitation.With(Ip + 8, IpAddress.Parse("2001:db8::78").ToBytes()), Reason.SpoofedSource),
        Link("a router advertisement from beyond the link",
            Router.With(Ip + 8, IpAddress.Parse("2001:db8::77").ToBytes()), Router),
        Link("a router advertisement that crossed a router", Router.With(Hops, 64), Router),
        Link("a router advertisement that is too short", Router.With16(Ip + 4, 15), Router),
        Link("a redirect from beyond the link",
            Of("icmpv6 2001:db8::77 > local type=137 hop=255 payload=32"),
            Of("icmpv6 fe80::77 > local type=137 hop=255 payload=32")),
        Link("a router solicitation that crossed a router",
            Of("icmpv6 fe80::77 > local type=133 hop=1"), Of("icmpv6 fe80::77 > local type=133 hop=255")),
        Link("an MLD report from beyond the link",
            Listener.With(Ip + 8, IpAddress.Parse("2001:db8::77").ToBytes()), Listener),
        Link("an MLD report with hop limit 2", Listener.With(Hops, 2), Listener),
        Link("an MLD query from nowhere",
            Of("icmpv6 :: > local type=130 hop=1 payload=16"), Of("icmpv6 fe80::77 > local type=130 hop=1 payload=16")),
        Ethertype("LLDP", 0x88cc),
        Ethertype("PPPoE", 0x8864),
        Ethertype("MPLS", 0x8847),
        Ethertype("IPX", 0x8137),
        Ethertype("a length instead of an ethertype, as IEEE 802.3 has it", 0x0040),
    ];

    private static OddCase Link(
        string name,
        byte[] bad,
        byte[] good,
        Reason reason = Reason.InvalidPacket,
        Direction direction = Direction.Ingress) =>
        Case(direction, name, reason, [bad], [good], Reason.Failsafe);

    private static OddCase Ethertype(string name, int ethertype) =>
        In(name, Reason.UnsupportedEthertype, Of("udp 10.0.0.77:9 > local:25001 payload=60").With16(12, ethertype),
            Of("udp 10.0.0.77:9 > local:25001 payload=60"));

    /// <summary>With a target, which is nobody's.</summary>
    private static byte[] Neighbour(string packet) =>
        Of(packet).With(Target, IpAddress.Parse("fe80::77").ToBytes());

    /// <summary>A request of 10.0.0.77 for the VM's address, or of the VM for 10.0.0.77.</summary>
    private static byte[] Arp(bool ingress)
    {
        var ethernet = Of(ingress ? "udp 10.0.0.77:1 > local:1" : "udp local:1 > 10.0.0.77:1")[..12];
        byte[] vm = [10, 0, 0, 5], other = [10, 0, 0, 77];
        return
        [
            .. ethernet, 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1,
            .. ethernet[6..], .. ingress ? other : vm, .. new byte[6], .. ingress ? vm : other,
        ];
    }
}
