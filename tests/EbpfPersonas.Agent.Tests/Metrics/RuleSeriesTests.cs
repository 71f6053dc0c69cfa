using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Agent.Metrics;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Metrics;

public sealed class RuleSeriesTests
{
    private static readonly RuleKey Other = RuleSeries.OtherKey;

    [Fact]
    public void Busy_rules_have_their_own_series_and_the_rest_is_summed()
    {
        var sum = new RuleSeries(2).Sum(Hits(("a", 5), ("b", 7), ("c", 1), ("d", 2)));

        Assert.Equal(Hits(("b", 7), ("a", 5)).Append(new(Other, Count(3) with { LastHit = 2 })).ToDictionary(), sum);
    }

    [Fact]
    public void A_rule_keeps_its_series_so_that_no_counter_falls()
    {
        var series = new RuleSeries(1);
        series.Sum(Hits(("a", 5), ("b", 1)));
        var later = series.Sum(Hits(("a", 6), ("b", 100)));

        Assert.Equal(Hits(("a", 6)).Append(new(Other, Count(100))).ToDictionary(), later);
    }

    [Fact]
    public void Rules_without_hits_have_no_series()
    {
        Assert.Empty(new RuleSeries(10).Sum(Hits(("a", 0))));
    }

    private static RuleKey Rule(string name) => new("p", name);

    private static Dictionary<RuleKey, RuleCount> Hits(params (string Rule, ulong Packets)[] hits) =>
        hits.ToDictionary(hit => Rule(hit.Rule), hit => Count(hit.Packets));

    private static RuleCount Count(ulong packets) => new(packets, packets * 100, packets);
}
