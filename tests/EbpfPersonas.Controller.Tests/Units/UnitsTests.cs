using EbpfPersonas.Personas.Units;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Units;

public sealed class UnitsTests
{
    [Theory]
    [InlineData("100M", 100_000_000)]
    [InlineData("100Mbit", 100_000_000)]
    [InlineData("100Mbps", 100_000_000)]
    [InlineData("1.5Gbit", 1_500_000_000)]
    [InlineData("64k", 64_000)]
    [InlineData("9600bps", 9600)]
    [InlineData("100T", Bandwidth.Max)]
    public void Reads_bandwidth_in_bits_per_second(string text, long expected)
    {
        Assert.True(Bandwidth.TryParse(text, out var rate));
        Assert.Equal(expected, rate);
    }

    [Theory]
    [InlineData("")]
    [InlineData("100")]
    [InlineData("100m")]
    [InlineData("100 M")]
    [InlineData("100MB")]
    [InlineData("100MB/s")]
    [InlineData("100Mibit")]
    [InlineData("-1M")]
    [InlineData("1e3M")]
    [InlineData("1,000M")]
    [InlineData("01M")]
    [InlineData(".5M")]
    [InlineData("1.M")]
    [InlineData("0M")]
    [InlineData("0.5bit")]
    [InlineData("100.001T")]
    [InlineData("999999999999T")]
    [InlineData("٣M")]
    public void Refuses_what_is_no_bandwidth(string text) => Assert.False(Bandwidth.TryParse(text, out _));

    [Theory]
    [InlineData("4GB", 4_000_000_000)]
    [InlineData("4GiB", 4_294_967_296)]
    [InlineData("1.5KiB", 1536)]
    [InlineData("512B", 512)]
    [InlineData("1kB", 1000)]
    [InlineData("1KB", 1000)]
    public void Reads_amounts_of_bytes(string text, long expected)
    {
        Assert.True(ByteSize.TryParse(text, out var bytes));
        Assert.Equal(expected, bytes);
    }

    [Theory]
    [InlineData("4")]
    [InlineData("4G")]
    [InlineData("4gb")]
    [InlineData("4 GB")]
    [InlineData("4Gb")]
    [InlineData("0.1B")]
    [InlineData("1048577TiB")]
    public void Refuses_what_is_no_amount_of_bytes(string text) => Assert.False(ByteSize.TryParse(text, out _));

    [Theory]
    [InlineData("2 cores", 2000)]
    [InlineData("1 core", 1000)]
    [InlineData("2", 2000)]
    [InlineData("0.5", 500)]
    [InlineData("2000m", 2000)]
    [InlineData("150%", 1500)]
    [InlineData("0.1%", 1)]
    public void Reads_processor_time(string text, long expected)
    {
        Assert.True(CpuQuota.TryParse(text, out var millicores));
        Assert.Equal(expected, millicores);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("2cores")]
    [InlineData("2  cores")]
    [InlineData("0.5m")]
    [InlineData("two")]
    [InlineData("8193")]
    [InlineData("1e2")]
    public void Refuses_what_is_no_processor_time(string text) => Assert.False(CpuQuota.TryParse(text, out _));

    [Theory]
    [InlineData("30s", 30_000)]
    [InlineData("5m", 300_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("90m", 5_400_000)]
    [InlineData("250ms", 250)]
    [InlineData("1d1h1m1s1ms", 90_061_001)]
    [InlineData("0s", 0)]
    [InlineData("366d", 31_622_400_000)]
    public void Reads_durations(string text, long milliseconds)
    {
        Assert.True(Duration.TryParse(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("30")]
    [InlineData("s")]
    [InlineData("1.5h")]
    [InlineData("30m1h")]
    [InlineData("1m1m")]
    [InlineData("1h 30m")]
    [InlineData("-1s")]
    [InlineData("1H")]
    [InlineData("367d")]
    [InlineData("366d1ms")]
    [InlineData("999999999999999999999s")]
    [InlineData("PT30S")]
    public void Refuses_what_is_no_duration(string text) => Assert.False(Duration.TryParse(text, out _));

    [Theory]
    [InlineData("DF", 0)]
    [InlineData("CS0", 0)]
    [InlineData("CS7", 56)]
    [InlineData("EF", 46)]
    [InlineData("AF11", 10)]
    [InlineData("AF43", 38)]
    public void Reads_code_points(string text, byte expected)
    {
        Assert.True(Dscp.TryParse(text, out var codePoint));
        Assert.Equal(expected, codePoint);
    }

    [Theory]
    [InlineData("ef")]
    [InlineData("AF44")]
    [InlineData("AF01")]
    [InlineData("CS8")]
    [InlineData("46")]
    public void Refuses_what_is_no_code_point(string text) => Assert.False(Dscp.TryParse(text, out _));
}
