using System.Globalization;
using System.Net;
using EbpfPersonas.Controller.Identity;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Identity;

public sealed class FailureLimitTests
{
    private static readonly IPAddress Address = IPAddress.Parse("192.0.2.1");

    private readonly FakeTime _time = new();
    private readonly FailureLimit _limit;

    public FailureLimitTests() => _limit = new FailureLimit(_time);

    [Fact]
    public void Twenty_in_a_minute_are_told_one_by_one_and_the_rest_as_a_number()
    {
        Assert.All(Enumerable.Range(0, 20), _ => Assert.True(_limit.Add(Address, "Enrol")));
        Assert.All(Enumerable.Range(0, 7), _ => Assert.False(_limit.Add(Address, "Connect")));
        Assert.True(_limit.Add(IPAddress.Parse("192.0.2.2"), "Enrol"));
        Assert.Empty(_limit.TakeEnded());

        _time.Advance(FailureLimit.Window);
        Assert.Equal([(Address, "Enrol", 7)], _limit.TakeEnded());
        Assert.Empty(_limit.TakeEnded());
        Assert.True(_limit.Add(Address, "Enrol"));
    }

    [Fact]
    public void A_number_that_nobody_took_in_time_is_not_lost()
    {
        Assert.All(Enumerable.Range(0, 25), _ => _limit.Add(Address, "Enrol"));
        _time.Advance(FailureLimit.Window);
        Assert.True(_limit.Add(Address, "Enrol"));
        Assert.Equal([(Address, "Enrol", 5)], _limit.TakeEnded(all: true));
    }

    [Fact]
    public void A_network_of_IPv6_counts_as_one_and_IPv4_is_IPv4()
    {
        for (var i = 0; i < FailureLimit.Max; i++)
        {
            _limit.Add(IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"2001:db8::{i:x}")), "Enrol");
            _limit.Add(Address.MapToIPv6(), "Enrol");
        }

        Assert.False(_limit.Add(IPAddress.Parse("2001:db8::ffff:1"), "Enrol"));
        Assert.True(_limit.Add(IPAddress.Parse("2001:db8:0:1::1"), "Enrol"));
        Assert.False(_limit.Add(Address, "Enrol"));
    }

    [Fact]
    public void Many_addresses_take_bounded_room_and_are_limited_together()
    {
        for (var i = 0; i < 2 * FailureLimit.MaxAddresses; i++)
        {
            _limit.Add(new IPAddress(0x0a000000 + i), "Enrol");
        }

        var (source, _, beyond) = Assert.Single(_limit.TakeEnded(all: true));
        Assert.Equal((IPAddress.None, FailureLimit.MaxAddresses - FailureLimit.Max), (source, beyond));
    }
}
