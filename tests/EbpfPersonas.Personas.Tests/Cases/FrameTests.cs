using System.Buffers.Binary;
using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.Personas.Tests.Cases;

public sealed class FrameTests
{
    /// <summary>Headers of captured packets, checksums included.</summary>
    [Theory]
    [InlineData("4500003c1c4640004006b1e6ac100a63ac100a0c")]
    [InlineData("45000073000040004011b861c0a80001c0a800c7")]
    public void The_internet_checksum_of_a_right_header_is_zero(string header) =>
        Assert.Equal(0, Checksum.Internet(Convert.FromHexString(header)));

    [Fact]
    public void The_internet_checksum_is_that_of_the_standard()
    {
        // RFC 1071 section 3: the sum is ddf2.
        Assert.Equal(0x220d, Checksum.Internet([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]));
        Assert.Equal(0xfeff, Checksum.Internet([0x01]));
    }

    [Fact]
    public void Crc32c_is_that_of_the_standard()
    {
        // RFC 3720 appendix B.4.
        Assert.Equal(0x8a9136aau, Checksum.Crc32C(new byte[32]));
        Assert.Equal(0x46dd794eu, Checksum.Crc32C([.. Enumerable.Range(0, 32).Select(octet => (byte)octet)]));
    }

    [Fact]
    public void A_tcp_segment_is_laid_out_octet_by_octet()
    {
        var frame = Frame.Build(PacketParser.Parse("tcp local:40000 > 10.0.0.10:3306 payload=2"));
        Assert.Equal(14 + 20 + 20 + 2, frame.Length);
        Assert.Equal("020000000001" + "020000000005" + "0800", Convert.ToHexStringLower(frame[..14]));
        Assert.Equal("4500002a00004000400626c0" + "0a000005" + "0a00000a", Convert.ToHexStringLower(frame[14..34]));
        Assert.Equal(
            "9c40" + "0cea" + "000003e8" + "00000000" + "5002" + "faf0", Convert.ToHexStringLower(frame[34..50]));
    }

    [Theory]
    [InlineData("tcp local:40000 > 10.0.0.10:3306 payload=3", 16)]
    [InlineData("tcp [2001:db8::9]:40000 > local:3306 flags=synack", 16)]
    [InlineData("udp local:40000 > 10.0.0.10:3306 payload=7", 6)]
    [InlineData("udp local:40000 > [2001:db8::9]:3306 ext=hopopts,ah,routing payload=1", 6)]
    [InlineData("icmpv6 local > 2001:db8::9 type=128 id=7 payload=9", 2)]
    [InlineData("icmpv6 2001:db8::9 > local type=1 quoting udp local:1 > [2001:db8::8]:2", 2)]
    public void Checksums_over_the_pseudo_header_are_right(string text, int checksumAt)
    {
        var packet = PacketParser.Parse(text);
        var ip = Frame.BuildIp(packet);
        var transport = Transport(packet, ip);
        Assert.NotEqual(0, BinaryPrimitives.ReadUInt16BigEndian(transport.AsSpan(checksumAt)));
        byte[] pseudo =
        [
            .. packet.Source.ToBytes(), .. packet.Destination.ToBytes(),
            0, 0, (byte)(transport.Length >> 8), (byte)transport.Length, 0, 0, 0, packet.Protocol,
        ];
        Assert.Equal(0, Checksum.Internet([.. pseudo, .. transport]));
    }

    [Fact]
    public void An_icmp_error_quotes_the_whole_packet_under_one_checksum()
    {
        var ip = Frame.BuildIp(PacketParser.Parse(
            "icmp 10.0.0.1 > local type=3 code=1 quoting udp local:5353 > 10.0.0.10:53 payload=4"));
        Assert.Equal(20 + 8 + 20 + 8 + 4, ip.Length);
        Assert.Equal(0, Checksum.Internet(ip.AsSpan(20)));
        Assert.Equal(Frame.BuildIp(PacketParser.Parse("udp local:5353 > 10.0.0.10:53 payload=4")), ip[28..]);
    }

    [Theory]
    [InlineData("udp local:1 > 10.0.0.10:2 payload=5")]
    [InlineData("47 10.0.0.10 > local")]
    [InlineData("tcp 10.0.0.10:1 > local:2 options=40")]
    [InlineData("udp local:1 > [2001:db8::9]:2 ext=dstopts,ah frag=first")]
    [InlineData("udp local:1 > [2001:db8::9]:2 frag=later payload=100")]
    public void The_length_field_is_the_length(string text)
    {
        var packet = PacketParser.Parse(text);
        var ip = Frame.BuildIp(packet);
        var said = packet.Remote.IsV6
            ? 40 + BinaryPrimitives.ReadUInt16BigEndian(ip.AsSpan(4))
            : BinaryPrimitives.ReadUInt16BigEndian(ip.AsSpan(2));
        Assert.Equal(ip.Length, said);
        if (!packet.Remote.IsV6)
        {
            Assert.Equal(0, Checksum.Internet(ip.AsSpan(0, 20 + packet.OptionsLength)));
        }
    }

    [Fact]
    public void A_cut_takes_octets_and_leaves_the_length_fields()
    {
        var whole = Frame.Build(PacketParser.Parse("tcp local:1 > 10.0.0.10:2"));
        Assert.Equal(whole[..(14 + 20 + 4)], Frame.Build(PacketParser.Parse("tcp local:1 > 10.0.0.10:2 cut=4")));
    }

    [Fact]
    public void Fragments_carry_the_marks_of_their_family()
    {
        Assert.Equal(0x2000, FragmentField("udp local:1 > 10.0.0.10:2 frag=first", 6));
        Assert.Equal(185, FragmentField("udp local:1 > 10.0.0.10:2 frag=later", 6));
        Assert.Equal(1, FragmentField("udp local:1 > [2001:db8::9]:2 frag=first", 42));
        Assert.Equal(185 << 3, FragmentField("udp local:1 > [2001:db8::9]:2 frag=later", 42));
        Assert.Equal(44, Frame.BuildIp(PacketParser.Parse("udp local:1 > [2001:db8::9]:2 frag=later"))[6]);

        static int FragmentField(string text, int at) =>
            BinaryPrimitives.ReadUInt16BigEndian(Frame.BuildIp(PacketParser.Parse(text)).AsSpan(at));
    }

    /// <summary>Behind the IPv4 header or the IPv6 extension headers, found by walking them.</summary>
    private static byte[] Transport(CasePacket packet, byte[] ip)
    {
        if (!packet.Remote.IsV6)
        {
            return ip[((ip[0] & 15) * 4)..];
        }

        var next = ip[6];
        var at = 40;
        while (next is 0 or 43 or 51 or 60)
        {
            var length = next == 51 ? (ip[at + 1] + 2) * 4 : (ip[at + 1] + 1) * 8;
            next = ip[at];
            at += length;
        }

        Assert.Equal(packet.Protocol, next);
        return ip[at..];
    }
}
