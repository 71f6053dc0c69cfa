using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.Personas.Tests.Cases;

public sealed class PacketParserTests
{
    [Theory]
    [InlineData("tcp local:40000 > 10.0.0.10:3306")]
    [InlineData("tcp 10.0.0.10:3306 > local:40000 flags=synack")]
    [InlineData("tcp 10.0.0.10:3306 > local:40000 flags=none payload=10")]
    [InlineData("udp [2001:db8::9]:5353 > local:53")]
    [InlineData("icmp local > 10.0.0.10 type=8 code=0 id=7")]
    [InlineData("icmpv6 2001:db8::9 > local type=129 code=0 id=7 hop=255 ext=hopopts,ah")]
    [InlineData("icmp 10.0.0.1 > local type=3 code=1 quoting udp local:5353 > 10.0.0.10:53 cut=8")]
    [InlineData("47 10.0.0.1 > local frag=later")]
    [InlineData("sctp local:0 > 10.0.0.1:65535 frag=first options=40 cut=3")]
    public void Reads_what_it_writes(string text) => Assert.Equal(text, PacketParser.Parse(text).ToString());

    [Fact]
    public void Local_is_the_address_of_the_other_ends_family()
    {
        Assert.Equal(CasePacket.LocalV4, PacketParser.Parse("tcp local:1 > 10.0.0.10:2").Source);
        Assert.Equal(CasePacket.LocalV6, PacketParser.Parse("tcp [2001:db8::9]:1 > local:2").Destination);
    }

    [Fact]
    public void Rules_see_the_port_that_the_originator_connects_to()
    {
        Assert.Equal(2, PacketParser.Parse("tcp local:1 > 10.0.0.10:2").AsFirstPacket().Port);
        Assert.Equal(2, PacketParser.Parse("tcp 10.0.0.10:1 > local:2").AsFirstPacket().Port);
        Assert.Equal(1, PacketParser.Parse("tcp 10.0.0.10:1 > local:2").AsFirstPacket(Direction.Egress).Port);
    }

    [Theory]
    [InlineData("tcp local:1 10.0.0.1:2")]
    [InlineData("tcp local:1 > local:2")]
    [InlineData("tcp 10.0.0.1:1 > 10.0.0.2:2")]
    [InlineData("tcp local > 10.0.0.1:2")]
    [InlineData("tcp local:1 > 10.0.0.1")]
    [InlineData("icmp local:1 > 10.0.0.1:2 type=8")]
    [InlineData("icmp local > 10.0.0.1")]
    [InlineData("47 local > 10.0.0.1:2")]
    [InlineData("256 local > 10.0.0.1")]
    [InlineData("TCP local:1 > 10.0.0.1:2")]
    [InlineData("tcp local:65536 > 10.0.0.1:2")]
    [InlineData("tcp local:-1 > 10.0.0.1:2")]
    [InlineData("tcp local:1 > 2001:db8::1:2")]
    [InlineData("tcp local:1 > [10.0.0.1]:2")]
    [InlineData("tcp local:1 > 10.0.0.1:2 flags=sin")]
    [InlineData("tcp local:1 > 10.0.0.1:2 flags=syn flags=ack")]
    [InlineData("tcp local:1 > 10.0.0.1:2 syn")]
    [InlineData("udp local:1 > 10.0.0.1:2 flags=syn")]
    [InlineData("udp local:1 > 10.0.0.1:2 type=8")]
    [InlineData("udp local:1 > 10.0.0.1:2 options=3")]
    [InlineData("udp local:1 > 10.0.0.1:2 options=44")]
    [InlineData("udp local:1 > 10.0.0.1:2 ext=hopopts")]
    [InlineData("udp local:1 > [::1]:2 ext=fragment")]
    [InlineData("udp local:1 > 10.0.0.1:2 frag=second")]
    [InlineData("udp local:1 > 10.0.0.1:2 quoting udp local:1 > 10.0.0.1:2")]
    [InlineData("icmp 10.0.0.1 > local type=3 quoting udp local:1 > [::1]:2")]
    [InlineData("icmp 10.0.0.1 > local type=256")]
    [InlineData("")]
    public void Refuses_what_is_no_packet(string text) =>
        Assert.Throws<FormatException>(() => PacketParser.Parse(text));
}
