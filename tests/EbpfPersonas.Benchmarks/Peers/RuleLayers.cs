using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Benchmarks.Peers;

/// <summary>
/// Splits an ordered rule set into layers in which no two rules overlap, as few as can be: a map of concatenated ranges
/// refuses overlaps and knows no order. Who asks the layers one after the other gets the first match.
/// </summary>
internal sealed class RuleLayers
{
    private readonly IReadOnlyList<PeerRule> _rules;
    private readonly int[] _layer;
    private readonly Dictionary<Prefix, List<int>> _byPrefix = [];
    private readonly int[] _byAddress;
    private readonly UInt128[] _addresses;
    private readonly int[] _lengths;

    private RuleLayers(IReadOnlyList<PeerRule> rules)
    {
        _rules = rules;
        _layer = new int[rules.Count];
        _byAddress = [.. Enumerable.Range(0, rules.Count).OrderBy(i => rules[i].Prefix.Address.Bits)];
        _addresses = [.. _byAddress.Select(i => rules[i].Prefix.Address.Bits)];
        _lengths = [.. rules.Select(rule => rule.Prefix.Length).Distinct().Order()];
    }

    /// <summary>The layers in the order in which they are to be asked.</summary>
    public static IReadOnlyList<IReadOnlyList<PeerRule>> Split(IReadOnlyList<PeerRule> rules)
    {
        var layers = new RuleLayers(rules);
        layers.Assign();
        return
        [
            .. rules.Select((rule, i) => (rule, Layer: layers._layer[i])).GroupBy(entry => entry.Layer)
                .OrderBy(group => group.Key).Select(group => group.Select(entry => entry.rule).ToArray()),
        ];
    }

    /// <summary>Each rule goes one layer behind the last of the earlier rules that it overlaps.</summary>
    private void Assign()
    {
        for (var i = 0; i < _rules.Count; i++)
        {
            _layer[i] = 1 + Math.Max(LastAround(i), LastInside(i));
            if (!_byPrefix.TryGetValue(_rules[i].Prefix, out var same))
            {
                _byPrefix.Add(_rules[i].Prefix, same = []);
            }

            same.Add(i);
        }
    }

    private int LastAround(int i)
    {
        var last = -1;
        var prefix = _rules[i].Prefix;
        foreach (var length in _lengths.TakeWhile(length => length <= prefix.Length))
        {
            if (_byPrefix.TryGetValue(new Prefix(prefix.Address, length), out var earlier))
            {
                foreach (var other in earlier)
                {
                    last = _layer[other] > last && _rules[i].Overlaps(_rules[other]) ? _layer[other] : last;
                }
            }
        }

        return last;
    }

    private int LastInside(int i)
    {
        var last = -1;
        var prefix = _rules[i].Prefix;
        var at = Array.BinarySearch(_addresses, prefix.Address.Bits);
        at = at < 0 ? ~at : at;
        while (at > 0 && _addresses[at - 1] == prefix.Address.Bits)
        {
            at--;
        }

        for (; at < _addresses.Length && _addresses[at] <= prefix.Last.Bits; at++)
        {
            var other = _byAddress[at];
            last = other < i && _layer[other] > last && _rules[i].Overlaps(_rules[other]) ? _layer[other] : last;
        }

        return last;
    }
}
