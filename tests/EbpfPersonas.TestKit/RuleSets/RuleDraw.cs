using System.Collections.Immutable;
using System.Globalization;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Fuzzing;

namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>What kinds of rule sets draw from while one set is made.</summary>
public sealed class RuleDraw(Prng random, RuleSetShape shape)
{
    /// <summary>Highest priority number of a document; 1,001 bands are what 100,000 rules share.</summary>
    private const int PriorityMax = 1000;

    private readonly Dictionary<bool, PrefixTree> _trees = new() { [false] = new(false), [true] = new(true) };
    private readonly HashSet<(Direction, byte?, Prefix?, PortRange?)> _seen = [];

    public Prng Random => random;

    public RuleSetShape Shape => shape;

    /// <summary>The family of the next rule.</summary>
    public bool DrawIsV6() => shape.Families switch
    {
        RuleSetFamilies.IPv4 => false,
        RuleSetFamilies.IPv6 => true,
        _ => random.Chance(50),
    };

    /// <summary>The prefixes drawn so far.</summary>
    public PrefixTree Tree(bool isV6) => _trees[isV6];

    /// <summary>A rule that has all but its conditions; its id is its place in the document.</summary>
    public Rule Rule(int index, RuleAction action, int priority) => new()
    {
        Id = "r" + index.ToString(CultureInfo.InvariantCulture),
        Direction = shape.Direction ?? random.Pick(Direction.Ingress, Direction.Egress),
        Action = action,
        List = RuleList.FirewallRules,
        Priority = priority,
    };

    /// <summary>
    /// The priority that keeps rule <paramref name="index"/> behind the ones before, as far as 1,001 bands can.
    /// </summary>
    public int PriorityInOrder(int index) => (int)((long)index * PriorityMax / shape.Rules);

    /// <summary>
    /// Whether no rule with the same first peer, first port range, protocol and direction was asked about before.
    /// </summary>
    public bool IsNew(Rule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return _seen.Add((
            rule.Direction, rule.Protocol, rule.Peers.IsEmpty ? null : rule.Peers[0],
            rule.Ports.IsEmpty ? null : rule.Ports[0]));
    }

    /// <summary>Draws one of the values, as often as its weight says.</summary>
    public T Weighted<T>(ImmutableArray<(T Value, int Weight)> choices)
    {
        var at = random.Below(choices.Sum(choice => choice.Weight));
        foreach (var (value, weight) in choices)
        {
            at -= weight;
            if (at < 0)
            {
                return value;
            }
        }

        throw new ArgumentException("There is nothing to choose from.", nameof(choices));
    }
}
