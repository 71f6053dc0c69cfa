using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Tests.Model;

public sealed class PrefixTests
{
    [Theory]
    [InlineData("10.0.0.77", 24, "10.0.0.0", "10.0.0.255")]
    [InlineData("10.0.0.77", 32, "10.0.0.77", "10.0.0.77")]
    [InlineData("10.0.0.77", 31, "10.0.0.76", "10.0.0.77")]
    [InlineData("10.0.0.77", 0, "0.0.0.0", "255.255.255.255")]
    [InlineData("200.0.0.1", 1, "128.0.0.0", "255.255.255.255")]
    [InlineData("2001:db8::77", 64, "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff")]
    [InlineData("2001:db8::77", 128, "2001:db8::77", "2001:db8::77")]
    [InlineData("2001:db8::77", 127, "2001:db8::76", "2001:db8::77")]
    [InlineData("2001:db8::77", 0, "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    [InlineData("2001:db8:0:3::", 63, "2001:db8:0:2::", "2001:db8:0:3:ffff:ffff:ffff:ffff")]
    public void Reaches_from_its_first_to_its_last_address(string address, int length, string first, string last)
    {
        var prefix = new Prefix(IpAddress.Parse(address), length);
        Assert.Equal(IpAddress.Parse(first), prefix.Address);
        Assert.Equal(IpAddress.Parse(last), prefix.Last);
        Assert.True(prefix.Contains(prefix.Address));
        Assert.True(prefix.Contains(prefix.Last));
        if (length > 0)
        {
            Assert.False(prefix.Contains(Step(prefix.Address, -1)));
            Assert.False(prefix.Contains(Step(prefix.Last, 1)));
        }
    }

    [Theory]
    [InlineData("10.0.0.0", 33)]
    [InlineData("10.0.0.0", -1)]
    [InlineData("::", 129)]
    public void Refuses_a_length_beyond_its_family(string address, int length) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Prefix(IpAddress.Parse(address), length));

    [Fact]
    public void Never_holds_an_address_of_the_other_family()
    {
        Assert.False(new Prefix(IpAddress.Parse("0.0.0.0"), 0).Contains(IpAddress.Parse("::")));
        Assert.False(new Prefix(IpAddress.Parse("::"), 0).Contains(IpAddress.Parse("0.0.0.0")));
    }

    [Fact]
    public void Holds_a_prefix_that_lies_inside_and_no_wider_one()
    {
        var outer = new Prefix(IpAddress.Parse("10.0.0.0"), 8);
        Assert.True(outer.Contains(outer));
        Assert.True(outer.Contains(new Prefix(IpAddress.Parse("10.1.0.0"), 16)));
        Assert.False(outer.Contains(new Prefix(IpAddress.Parse("10.0.0.0"), 7)));
        Assert.False(outer.Contains(new Prefix(IpAddress.Parse("11.0.0.0"), 16)));
        Assert.False(outer.Contains(new Prefix(IpAddress.Parse("::"), 96)));
    }

    [Fact]
    public void Masks_count_from_the_left_in_the_familys_own_width()
    {
        Assert.Equal((UInt128)0, Prefix.Mask(false, 0));
        Assert.Equal((UInt128)0x80000000u, Prefix.Mask(false, 1));
        Assert.Equal((UInt128)uint.MaxValue, Prefix.Mask(false, 32));
        Assert.Equal((UInt128)0, Prefix.Mask(true, 0));
        Assert.Equal(UInt128.One << 127, Prefix.Mask(true, 1));
        Assert.Equal(UInt128.MaxValue, Prefix.Mask(true, 128));
    }

    /// <summary>The next address, around the end where there is one.</summary>
    private static IpAddress Step(IpAddress address, int by) =>
        address with
        {
            Bits = unchecked(address.Bits + (UInt128)(Int128)by) & Prefix.Mask(address.IsV6, address.Width),
        };
}
