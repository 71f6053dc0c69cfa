using System.Globalization;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.TestKit.Proof;

/// <summary>Counts what was compared. For one thread; those of several are added up.</summary>
public sealed class ProofTally
{
    /// <summary>A campaign in which everything ends at a default proves nothing.</summary>
    private const int LeastPercentOfRules = 30;

    private static readonly string[] Outcomes =
    [
        "forwarded allowed_rule", "forwarded default_allow", "dropped denied_rule", "dropped default_deny",
        "rejected denied_rule", "audit denied_rule", "audit default_deny",
    ];

    private static readonly string[] OutcomesOfFlows =
        ["forwarded established", "forwarded reevaluated", "dropped persona_switch"];

    private static readonly string[] Ways = ["IPv4 ingress", "IPv4 egress", "IPv6 ingress", "IPv6 egress"];

    private readonly Dictionary<ProofCase, long> _cases = [];
    private readonly Dictionary<(string Kind, int Rules), long> _ruleSets = [];

    /// <summary>Packets that were compared.</summary>
    public long Packets { get; private set; }

    /// <summary>Rule sets that they met.</summary>
    public long RuleSets => _ruleSets.Values.Sum();

    /// <summary>Switches between resident personas.</summary>
    public long Switches { get; private set; }

    /// <summary>TCP connections of which kernel and reference knew the same in the end.</summary>
    public long Connections { get; private set; }

    /// <summary>Packets that a rule decided on.</summary>
    public long RuleHits => Sums(_ => "").Sum(sum => sum.RuleHits);

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

    /// <summary>One rule set more; <paramref name="rules"/> is 0 where the size is any.</summary>
    public void CountRuleSet(string kind, int rules) =>
        _ruleSets[(kind, rules)] = _ruleSets.GetValueOrDefault((kind, rules)) + 1;

    /// <summary>One switch more.</summary>
    public void CountSwitch() => Switches++;

    /// <summary>One TCP connection more.</summary>
    public void CountConnection() => Connections++;

    /// <summary>Adds what another one counted.</summary>
    public void Add(ProofTally other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Packets += other.Packets;
        Switches += other.Switches;
        Connections += other.Connections;
        foreach (var (key, count) in other._ruleSets)
        {
            _ruleSets[key] = _ruleSets.GetValueOrDefault(key) + count;
        }

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

        var outcomes = Sums(one => $"{one.Verdict} {one.Reason}").ToDictionary(row => row.Row, row => row.Packets);
        var ways = Sums(Way).ToDictionary(row => row.Row, row => row.Packets);
        (string What, long Packets, int LeastPerMyriad)[] kinds =
        [
            .. Outcomes.Select(outcome => (outcome, outcomes.GetValueOrDefault(outcome), 20)),
            .. OutcomesOfFlows.Select(outcome => (outcome, outcomes.GetValueOrDefault(outcome), 1)),
            .. Ways.Select(way => (way, ways.GetValueOrDefault(way), 2000)),
        ];
        foreach (var (what, count, _) in kinds.Where(kind => kind.Packets * 10_000 < Packets * kind.LeastPerMyriad))
        {
            yield return $"only {count} of {Packets} packets are {what}";
        }
    }

    /// <summary>Tables of what was compared, for people.</summary>
    public void Write(TextWriter to)
    {
        ArgumentNullException.ThrowIfNull(to);
        WriteTable(to, "rule sets", one => string.Create(
            CultureInfo.InvariantCulture,
            $"{one.Kind}{(one.Rules == 0 ? "" : $" of {one.Rules}")}: {_ruleSets[(one.Kind, one.Rules)]}"));
        WriteTable(to, "family, direction", Way);
        WriteTable(to, "verdict", one => $"{one.Verdict} {one.Reason}");
    }

    private static string Way(ProofCase one) =>
        $"{(one.IsV6 ? "IPv6" : "IPv4")} {(one.Direction == Direction.Ingress ? "ingress" : "egress")}";

    private IEnumerable<(string Row, long Packets, long RuleHits)> Sums(Func<ProofCase, string> row) =>
        from entry in _cases
        group entry by row(entry.Key) into rows
        select (
            rows.Key,
            rows.Sum(entry => entry.Value),
            rows.Sum(entry => entry.Key.HitsRule ? entry.Value : 0));

    private void WriteTable(TextWriter to, string heading, Func<ProofCase, string> row)
    {
        to.WriteLine($"{heading,-34} {"packets",12} {"met a rule",12}");
        foreach (var (name, packets, hits) in Sums(row).OrderBy(sum => sum.Row, StringComparer.Ordinal))
        {
            to.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"  {name,-32} {packets,12:N0} {100.0 * hits / packets,11:F1}%"));
        }

        to.WriteLine();
    }
}
