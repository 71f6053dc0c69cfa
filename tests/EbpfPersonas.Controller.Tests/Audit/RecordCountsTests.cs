using System.Globalization;
using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Tests.Identity;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Audit;

public sealed class RecordCountsTests
{
    private const string Address = "192.0.2.1";

    private readonly FakeTime _time = new();
    private readonly RecordCounts _counts;

    public RecordCountsTests() => _counts = new RecordCounts(_time);

    [Fact]
    public void Twenty_in_a_minute_are_told_one_by_one_and_the_rest_as_a_number()
    {
        Assert.All(Enumerable.Range(0, 20), _ => Assert.True(_counts.Add(Of(Address))));
        Assert.All(Enumerable.Range(0, 7), _ => Assert.False(_counts.Add(Of(Address))));
        Assert.True(_counts.Add(Of("192.0.2.2")));
        Assert.Empty(_counts.TakeEnded());

        _time.Advance(RecordCounts.Window);
        Assert.Equal([(Address, 7)], Taken());
        Assert.Empty(Taken());
        Assert.True(_counts.Add(Of(Address)));
    }

    [Fact]
    public void A_number_that_nobody_took_in_time_or_that_could_not_be_written_is_not_lost()
    {
        Assert.All(Enumerable.Range(0, 25), _ => _counts.Add(Of(Address)));
        _time.Advance(RecordCounts.Window);
        Assert.True(_counts.Add(Of(Address)));
        var (first, beyond) = Assert.Single(_counts.TakeEnded(all: true));
        Assert.Equal(5, beyond);

        _counts.PutBack(first, beyond);
        Assert.Equal([(Address, 5)], Taken(all: true));
    }

    [Fact]
    public void A_network_of_IPv6_counts_as_one_and_IPv4_is_IPv4()
    {
        for (var i = 0; i < RecordCounts.Max; i++)
        {
            _counts.Add(Of(string.Create(CultureInfo.InvariantCulture, $"2001:db8::{i:x}")));
            _counts.Add(Of("::ffff:" + Address));
        }

        Assert.False(_counts.Add(Of("2001:db8::ffff:1")));
        Assert.True(_counts.Add(Of("2001:db8:0:1::1")));
        Assert.False(_counts.Add(Of(Address)));
    }

    [Fact]
    public void Who_is_known_counts_by_who_it_is_and_by_what_came_of_it()
    {
        for (var i = 0; i < RecordCounts.Max; i++)
        {
            _counts.Add(Of(Address, "vm a"));
        }

        Assert.False(_counts.Add(Of("192.0.2.2", "vm a")));
        Assert.True(_counts.Add(Of(Address, "vm a", AuditEntry.Ok)));
        Assert.True(_counts.Add(Of(Address, "vm b")));
        Assert.True(_counts.Add(Of(Address)));
    }

    [Fact]
    public void An_address_is_spent_while_its_minute_lasts()
    {
        var address = System.Net.IPAddress.Parse(Address);
        Assert.All(Enumerable.Range(0, RecordCounts.Max), _ =>
        {
            Assert.False(_counts.IsSpent(address));
            _counts.Add(Of(Address));
        });
        Assert.True(_counts.IsSpent(address));

        _time.Advance(RecordCounts.Window);
        Assert.False(_counts.IsSpent(address));
    }

    [Fact]
    public void Many_addresses_take_bounded_room_and_are_limited_together()
    {
        for (var i = 0; i < 2 * RecordCounts.MaxKinds; i++)
        {
            _counts.Add(Of(new System.Net.IPAddress(0x0a000000 + i).ToString()));
        }

        Assert.Equal([("several", RecordCounts.MaxKinds - RecordCounts.Max)], Taken(all: true));
    }

    private IEnumerable<(string Source, int Beyond)> Taken(bool all = false) =>
        _counts.TakeEnded(all).Select(one => (one.First.Source, one.Beyond));

    private static AuditEntry Of(string source, string actor = AuditEntry.Stranger, string result = "refused") => new()
    {
        Actor = actor,
        Action = "Enrol",
        Target = "",
        Source = source,
        Result = result,
    };
}
