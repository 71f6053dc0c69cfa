using System.Net;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Tests.Model;

public sealed class IpAddressTests
{
    [Theory]
    [InlineData("0.0.0.0", 0u)]
    [InlineData("10.0.0.5", 0x0a000005u)]
    [InlineData("255.255.255.255", 0xffffffffu)]
    public void Reads_IPv4_with_the_first_octet_highest(string text, uint bits)
    {
        Assert.Equal(new IpAddress(false, bits), IpAddress.Parse(text));
        Assert.Equal(text, IpAddress.Parse(text).ToString());
    }

    [Theory]
    [InlineData("::", "::")]
    [InlineData("2001:DB8:0:0::5", "2001:db8::5")]
    [InlineData("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    [InlineData("64:ff9b::192.0.2.33", "64:ff9b::c000:221")]
    public void Reads_IPv6_and_writes_it_in_its_short_form(string text, string shortest)
    {
        var address = IpAddress.Parse(text);
        Assert.True(address.IsV6);
        Assert.Equal(shortest, address.ToString());
        Assert.Equal(address, IpAddress.Parse(address.ToString()));
    }

    [Fact]
    public void Keeps_a_mapped_address_apart_from_the_IPv4_address_in_it()
    {
        var mapped = IpAddress.Parse("::ffff:10.0.0.5");
        Assert.True(mapped.IsV6);
        Assert.NotEqual(IpAddress.Parse("10.0.0.5"), mapped);
        Assert.False(new Prefix(IpAddress.Parse("10.0.0.0"), 8).Contains(mapped));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" 10.0.0.1")]
    [InlineData("10.0.0.1 ")]
    [InlineData("10.1")]
    [InlineData("10.0.0")]
    [InlineData("10.0.0.1.")]
    [InlineData("10.0.0.1.2")]
    [InlineData(".10.0.0.1")]
    [InlineData("10..0.1")]
    [InlineData("010.0.0.1")]
    [InlineData("10.0.0.00")]
    [InlineData("10.0.0.256")]
    [InlineData("10.0.0.-1")]
    [InlineData("10.0.0.+1")]
    [InlineData("10.0.0.1/24")]
    [InlineData("0x0a000001")]
    [InlineData("0x0a.0.0.1")]
    [InlineData("167772161")]
    [InlineData("10.0.0.\u0661")]
    [InlineData("fe80::1%eth0")]
    [InlineData("[::1]")]
    [InlineData("[::1]:80")]
    [InlineData(":::")]
    [InlineData("1:2:3:4:5:6:7")]
    [InlineData("1:2:3:4:5:6:7:8:9")]
    [InlineData("12345::")]
    [InlineData("::10.0.0.256")]
    [InlineData("localhost")]
    public void Refuses_what_is_no_plain_address(string text)
    {
        Assert.False(IpAddress.TryParse(text, out _), text);
        Assert.Throws<FormatException>(() => IpAddress.Parse(text));
    }

    [Fact]
    public void Has_four_or_sixteen_octets_and_no_other_number()
    {
        Assert.Equal([10, 0, 0, 5], IpAddress.Parse("10.0.0.5").ToBytes());
        Assert.Equal(IpAddress.Parse("10.0.0.5"), IpAddress.FromBytes([10, 0, 0, 5]));
        var six = IpAddress.Parse("2001:db8::5");
        Assert.Equal(six, IpAddress.FromBytes(six.ToBytes()));
        Assert.Equal(six, IpAddress.From(IPAddress.Parse("2001:db8::5")));
        foreach (var length in new[] { 0, 3, 5, 15, 17 })
        {
            Assert.Throws<ArgumentException>(() => IpAddress.FromBytes(new byte[length]));
        }
    }
}
