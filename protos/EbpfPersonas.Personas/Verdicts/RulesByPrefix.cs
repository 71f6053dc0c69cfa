using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Verdicts;

/// <summary>Rules by each prefix that they name: a rule that covers an address names a prefix of it.</summary>
internal sealed class RulesByPrefix
{
    private static readonly Prefix[] Everywhere =
        [new(new IpAddress(false, 0), 0), new(new IpAddress(true, 0), 0)];

    private readonly Dictionary<(Direction, Prefix), List<(Rule, RuleExtent)>> _rules = [];
    private readonly SortedSet<int> _lengthsV4 = [];
    private readonly SortedSet<int> _lengthsV6 = [];

    public void Add(Rule rule, RuleExtent extent)
    {
        foreach (var prefix in rule.Peers.IsEmpty ? Everywhere : rule.Peers.Distinct())
        {
            (prefix.Address.IsV6 ? _lengthsV6 : _lengthsV4).Add(prefix.Length);
            if (!_rules.TryGetValue((rule.Direction, prefix), out var rules))
            {
                _rules.Add((rule.Direction, prefix), rules = []);
            }

            rules.Add((rule, extent));
        }
    }

    /// <summary>
    /// The rules that name a prefix of the first address of <paramref name="extent"/>, short prefixes first, in the
    /// order of their addition.
    /// </summary>
    public IEnumerable<(Rule Rule, RuleExtent Extent)> Around(RuleExtent extent)
    {
        var address = extent.V4.IsEmpty ? new IpAddress(true, extent.V6.First) : new IpAddress(false, extent.V4.First);
        foreach (var length in address.IsV6 ? _lengthsV6 : _lengthsV4)
        {
            foreach (var rule in _rules.GetValueOrDefault((extent.Direction, new Prefix(address, length)), []))
            {
                yield return rule;
            }
        }
    }
}
