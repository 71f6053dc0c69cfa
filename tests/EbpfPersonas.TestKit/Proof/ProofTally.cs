using System.Globalization;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.TestKit.Proof;

/// <summary>Counts what was compared. For one thread; those of several are added up.</summary>
public sealed class ProofTally
{
    /// <summary>A campaign in which everything ends at a default proves nothing.</summary>
    private const int LeastPercentOfRules = 30;

    /// <summary>The share that each outcome and each family and direction must have, of a thousand.</summary>
    private const int LeastPerMilleOfEach = 2;

    private static readonly string[] Outcomes =
    [
        "forwarded allowed_rule", "forwarded default_allow", "dropped denied_rule", "dropped default_deny",
        "audit denied_rule", "audit default_deny",
    ];

    private static readonly string[] ReasonsOfFlows = ["established", "reevaluated", "persona_switch"];

    private readonly Dictionary<ProofCase, long> _cases = [];

    /// <summary>Packets that were compared.</summary>
    public long Packets { get; private set; }

    /// <summary>Rule sets that they met.</summary>
    public long RuleSets { get; private set; }

    /// <summary>Switches between resident personas.</summary>
    public long Switches { get; private set; }

    /// <summary>Packets that a rule decided on.</summary>
    public long RuleHits => Sum(one => one.HitsRule);

    /// <summary>One packet more, on which kernel and reference agree.</summary>
    public void Count(string kind, int rules, CasePacket packet, Expectation said)
    {
        ArgumentNullException.ThrowIfNull(packet);
        ArgumentNullException.ThrowIfNull(said);
        Packets++;
        var key = new ProofCase(
            kind, rules, packet.Remote.IsV6, packet.Direction, said.Verdict, said.Reason, said.Rule is not null);
        _cases[key] = _cases.GetValueOrDefault(key) + 1;
    }

    /// <summary>One rule set more.</summary>
    public void CountRuleSet() => RuleSets++;

    /// <summary>One switch more.</summary>
    public void CountSwitch() => Switches++;

    /// <summary>Adds what another one counted.</summary>
    public void Add(ProofTally other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Packets += other.Packets;
        RuleSets += other.RuleSets;
        Switches += other.Switches;
        foreach (var (key, count) in other._cases)
        {
            _cases[key] = _cases.GetValueOrDefault(key) + count;
        }
    }

    /// <summary>What is so rare that the proof is void, in words.</summary>
    public IEnumerable<string> Shortcomings()
    {
        if (RuleHits * 100 < Packets * LeastPercentOfRules)
        {
            yield return $"only {RuleHits} of {Packets} packets met a rule";
        }

        var kinds = Outcomes.Select(words => (What: words, Count: Sum(one => $"{one.Verdict} {one.Reason}" == words)))
            .Concat(_cases.GroupBy(entry => Way(entry.Key)).Select(way => (What: way.Key, Count: way.Sum(entry => entry.Value))));
        foreach (var (what, count) in kinds.Where(kind => kind.Count * 1000 < Packets * LeastPerMilleOfEach))
        {
            yield return $"only {count} of {Packets} packets are {what}";
        }

        if (_cases.Keys.Select(Way).Distinct().Count() < 4)
        {
            yield return "not both families in both directions";
        }

        foreach (var reason in ReasonsOfFlows.Where(reason => Sum(one => one.Reason == reason) == 0))
        {
            yield return $"no flow was {reason}";
        }
    }

    /// <summary>Tables of what was compared, for people.</summary>
    public void Write(TextWriter to)
    {
        ArgumentNullException.ThrowIfNull(to);
        WriteTable(to, "rule sets of", one => string.Create(
            CultureInfo.InvariantCulture, $"{one.Kind} {(one.Rules == 0 ? "" : one.Rules)}"));
        WriteTable(to, "family, direction", Way);
        WriteTable(to, "verdict", one => $"{one.Verdict} {one.Reason}");
    }

    private static string Way(ProofCase one) =>
        $"{(one.IsV6 ? "IPv6" : "IPv4")} {(one.Direction == Direction.Ingress ? "ingress" : "egress")}";

    private long Sum(Func<ProofCase, bool> counts) =>
        _cases.Where(entry => counts(entry.Key)).Sum(entry => entry.Value);

    private void WriteTable(TextWriter to, string heading, Func<ProofCase, string> row)
    {
        to.WriteLine($"{heading,-34} {"packets",12} {"met a rule",12}");
        var rows = _cases.GroupBy(entry => row(entry.Key)).OrderBy(group => group.Key, StringComparer.Ordinal);
        foreach (var group in rows)
        {
            var (all, hits) = (group.Sum(entry => entry.Value), group.Sum(entry => entry.Key.HitsRule ? entry.Value : 0));
            to.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"  {group.Key,-32} {all,12:N0} {100.0 * hits / all,11:F1}%"));
        }

        to.WriteLine();
    }
}
