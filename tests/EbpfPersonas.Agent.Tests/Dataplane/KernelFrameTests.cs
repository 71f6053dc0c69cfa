using System.Buffers.Binary;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.Fuzzing;
using EbpfPersonas.TestKit.Kernel;
using Xunit;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>
/// Frames that no line of a case can word: other ethertypes, headers that contradict themselves, and bytes at random.
/// </summary>
public sealed class KernelFrameTests(VerdictFilterFixture fixture) : IClassFixture<VerdictFilterFixture>
{
    private const int EthernetLength = 14;
    private const int Mutations = 40_000;

    private readonly KernelFilter _filter = fixture.Filter;

    [Fact]
    public void Arp_passes_and_every_other_ethertype_but_ip_is_dropped()
    {
        _filter.Use(DenyAll());
        Assert.Equal((Verdict.Forwarded, Reason.Failsafe), Judge(Arp()));
        Assert.Equal((Verdict.Dropped, Reason.InvalidPacket), Judge(WithEthertype(0x0806)));
        foreach (var ethertype in new ushort[]
        {
            0x8100, 0x88a8, 0x8847, 0x8863, 0x8864, 0x88cc, 0x88e5, 0x0805, 0x0600, 0xffff
        })
        {
            Assert.Equal((Verdict.Dropped, Reason.UnsupportedEthertype), Judge(WithEthertype(ethertype)));
        }
    }

    [Theory]
    [InlineData("tcp local:1 > 10.0.0.10:2", 0, 0x55, Reason.InvalidPacket)] // version 5
    [InlineData("tcp local:1 > 10.0.0.10:2", 0, 0x65, Reason.InvalidPacket)] // version 6 under IPv4's ethertype
    [InlineData("tcp local:1 > 10.0.0.10:2", 0, 0x44, Reason.InvalidPacket)] // header of 16 octets
    [InlineData("tcp local:1 > 10.0.0.10:2", 0, 0x40, Reason.InvalidPacket)] // header of 0 octets
    [InlineData("tcp local:1 > 10.0.0.10:2", 0, 0x4f, Reason.InvalidPacket)] // header longer than the packet says it is
    [InlineData("tcp local:1 > 10.0.0.10:2", 3, 19, Reason.InvalidPacket)] // packet shorter than its header
    [InlineData("tcp local:1 > 10.0.0.10:2", 32, 0x40, Reason.InvalidPacket)] // TCP header of 16 octets
    [InlineData("tcp local:1 > 10.0.0.10:2", 32, 0x00, Reason.InvalidPacket)] // TCP header of 0 octets
    [InlineData("tcp local:1 > [2001:db8::9]:2", 0, 0x40, Reason.InvalidPacket)] // version 4 under IPv6's ethertype
    [InlineData(
        "tcp local:1 > [2001:db8::9]:2 ext=hopopts", 41, 0xff, Reason.Truncated)] // extension header beyond the end
    [InlineData(
        // A fragment header that says nothing, and leads nowhere.
        "tcp local:1 > [2001:db8::9]:2 ext=hopopts", 40, 44, Reason.InvalidPacket)]
    [InlineData("tcp local:1 > 10.0.0.10:2", 6, 0x20, Reason.Fragment)] // more fragments
    [InlineData("tcp local:1 > 10.0.0.10:2", 7, 0x01, Reason.Fragment)] // offset 8, don't fragment set as well
    public void Headers_that_contradict_themselves_are_dropped_with_their_own_reason(
        string packet, int at, byte octet, Reason reason)
    {
        _filter.Use(AllowAll());
        var frame = Frame.Build(PacketParser.Parse(packet));
        Assert.Equal((Verdict.Forwarded, Reason.DefaultAllow), Judge(frame));
        frame[EthernetLength + at] = octet;
        Assert.Equal((Verdict.Dropped, reason), Judge(frame));
    }

    [Fact]
    public void Under_a_persona_that_denies_everything_no_bytes_pass_but_the_failsafes()
    {
        _filter.Use(DenyAll());
        var random = new Prng(1);
        var passed = 0;
        HashSet<string> firstParts = [];
        for (var i = 0; i < Mutations; i++)
        {
            var (packet, frame) = RandomFrame.Make(random);
            var direction = random.Chance(80) ? packet.Direction : random.Pick(Direction.Ingress, Direction.Egress);
            var said = _filter.Judge(direction, frame);
            Assert.Equal(said.Verdict == Verdict.Forwarded, said.Passed);
            if (said.Passed)
            {
                Assert.True(
                    said.Reason == Reason.Failsafe
                        && (IsFailsafe(frame, direction == Direction.Egress)
                            || firstParts.Contains(Datagram(direction, frame))),
                    $"{direction} {Convert.ToHexString(frame)}: {said}");
                firstParts.Add(Datagram(direction, frame));
                passed++;
            }
        }

        Assert.InRange(passed, 500, Mutations / 2);
    }

    /// <summary>
    /// ARP; UDP from and to a DHCP client; neighbour discovery with hop limit 255; MLD with hop limit 1. Read apart
    /// from the kernel's code.
    /// </summary>
    private static bool IsFailsafe(byte[] frame, bool egress)
    {
        var ethertype = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(12));
        var ip = frame.AsSpan(EthernetLength);
        if (ethertype != 0x86dd)
        {
            return ethertype == 0x0806 || (ethertype == 0x0800 && (ip[6] & 0x1f) == 0 && ip[7] == 0 && ip[9] == 17 &&
                IsClient(ip[((ip[0] & 15) * 4)..], egress, 68, 67));
        }

        var (next, at) = (ip[6], 40);
        while (next is 0 or 43 or 44 or 60 or 51)
        {
            var length = next == 44 ? 8 : next == 51 ? (ip[at + 1] + 2) * 4 : (ip[at + 1] + 1) * 8;
            next = ip[at];
            at += length;
        }

        return next switch
        {
            17 => IsClient(ip[at..], egress, 546, 547),
            58 when ip[at] is >= 133 and <= 137 => ip[7] == 255,
            58 => ip[at] is (>= 130 and <= 132) or 143 && ip[7] == 1,
            _ => false,
        };
    }

    /// <summary>What parts of an IPv4 datagram have in common (RFC 791 section 3.2).</summary>
    private static string Datagram(Direction direction, byte[] frame)
    {
        var ip = frame.AsSpan(EthernetLength);
        return frame[12] == 8 && frame[13] == 0
            ? $"{direction} {Convert.ToHexString(ip[4..6])} {ip[9]} {Convert.ToHexString(ip[12..20])}"
            : "";
    }

    private static bool IsClient(ReadOnlySpan<byte> udp, bool egress, int client, int server)
    {
        var (source, destination) =
            (BinaryPrimitives.ReadUInt16BigEndian(udp), BinaryPrimitives.ReadUInt16BigEndian(udp[2..]));
        return egress ? (source, destination) == (client, server) : (source, destination) == (server, client);
    }

    private (Verdict Verdict, Reason Reason) Judge(byte[] frame)
    {
        var said = _filter.Judge(Direction.Egress, frame);
        return (said.Verdict, said.Reason);
    }

    /// <summary>
    /// A request as in RFC 826: hardware Ethernet, protocol IPv4, lengths 6 and 4, operation 1, and who asks.
    /// </summary>
    private static byte[] Arp()
    {
        var frame = WithEthertype(0x0806);
        ((ReadOnlySpan<byte>)[0, 1, 8, 0, 6, 4, 0, 1, .. frame[6..12], 10, 0, 0, 5]).CopyTo(
            frame.AsSpan(EthernetLength));
        return frame;
    }

    private static byte[] WithEthertype(ushort ethertype)
    {
        var frame = Frame.Build(PacketParser.Parse("udp local:1 > 10.0.0.10:2 payload=40"));
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), ethertype);
        return frame;
    }

    private static Persona DenyAll() => Everything(RuleAction.Deny);

    private static Persona AllowAll() => Everything(RuleAction.Allow);

    private static Persona Everything(RuleAction action) =>
        new() { Name = "everything", Revision = 1, DefaultIngress = action, DefaultEgress = action, Rules = [] };
}
