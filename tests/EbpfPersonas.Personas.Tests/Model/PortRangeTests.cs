using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Tests.Model;

public sealed class PortRangeTests
{
    [Theory]
    [InlineData(0, 0, 0, true)]
    [InlineData(0, 0, 1, false)]
    [InlineData(65535, 65535, 65535, true)]
    [InlineData(65535, 65535, 65534, false)]
    [InlineData(0, 65535, 0, true)]
    [InlineData(0, 65535, 65535, true)]
    [InlineData(8000, 8100, 7999, false)]
    [InlineData(8000, 8100, 8000, true)]
    [InlineData(8000, 8100, 8100, true)]
    [InlineData(8000, 8100, 8101, false)]
    public void Includes_both_of_its_borders(ushort first, ushort last, ushort port, bool inside) =>
        Assert.Equal(inside, new PortRange(first, last).Contains(port));

    [Fact]
    public void Is_written_as_one_number_or_two()
    {
        Assert.Equal("3306", new PortRange(3306, 3306).ToString());
        Assert.Equal("0-65535", PortRange.All.ToString());
    }
}
