using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Benchmarks.Peers;

/// <summary>
/// The prefixes that rules name, each with all rules that hold for the addresses of which it is the longest: its own
/// and those of the prefixes that it lies in, in order.
/// </summary>
internal static class AddressClasses
{
    public static IEnumerable<(Prefix Prefix, IReadOnlyList<PeerRule> Rules)> Of(IReadOnlyList<PeerRule> rules)
    {
        var own = rules.Select((rule, rank) => (rule, rank)).GroupBy(entry => entry.rule.Prefix)
            .OrderBy(group => group.Key.Address.Bits).ThenBy(group => group.Key.Length);
        var outer = new Stack<(Prefix Prefix, (PeerRule Rule, int Rank)[] Rules)>();
        foreach (var group in own)
        {
            while (outer.Count > 0 && !outer.Peek().Prefix.Contains(group.Key))
            {
                outer.Pop();
            }

            var inherited = outer.Count > 0 ? outer.Peek().Rules : [];
            (PeerRule Rule, int Rank)[] all = [.. inherited.Concat(group).OrderBy(entry => entry.Item2)];
            outer.Push((group.Key, all));
            yield return (group.Key, [.. all.Select(entry => entry.Rule)]);
        }
    }
}
