using EbpfPersonas.Agent.Dataplane.Counters;

namespace EbpfPersonas.Agent.Metrics;

/// <summary>
/// Which rules have a series of their own. A rule that got one keeps it, so that no counter ever falls; when
/// <paramref name="most"/> are given away, every further rule counts as "other". For one thread.
/// </summary>
internal sealed class RuleSeries(int most)
{
    /// <summary>The rule label of what has no series of its own.</summary>
    public const string Other = "other";

    /// <summary>What all rules without a series of their own are counted under.</summary>
    public static readonly RuleKey OtherKey = new(string.Empty, Other);

    private readonly HashSet<RuleKey> _named = [];

    /// <summary>Counts by series; those of "other" have an empty persona.</summary>
    public IReadOnlyDictionary<RuleKey, RuleCount> Sum(IReadOnlyDictionary<RuleKey, RuleCount> hits)
    {
        var series = new Dictionary<RuleKey, RuleCount>();
        var other = default(RuleCount);

        // Most hits first: where not all get a series, the busy ones do.
        foreach (var (rule, count) in hits
            .Where(hit => hit.Value.Packets > 0)
            .OrderByDescending(hit => hit.Value.Packets))
        {
            if (_named.Contains(rule) || (_named.Count < most && _named.Add(rule)))
            {
                series[rule] = count;
            }
            else
            {
                other += count;
            }
        }

        if (other.Packets > 0)
        {
            series[OtherKey] = other;
        }

        return series;
    }
}
