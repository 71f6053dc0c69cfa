using System.Text;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Benchmarks.Peers;

/// <summary>
/// What an expert could write by program: the address space cut into intervals of one address class each, an interval
/// map from the address to the chain of its class, and there the rules that hold for it, one by one.
/// </summary>
internal static class NftChainScript
{
    public static string Write(IReadOnlyList<PeerRule> rules, bool isV6)
    {
        var classes = AddressClasses.Of(rules).ToArray();
        var text = new StringBuilder("table netdev peer {\n");
        for (var i = 0; i < classes.Length; i++)
        {
            text.Append(NftText.Invariant($"  chain class{i} {{\n"));
            foreach (var rule in classes[i].Rules)
            {
                text.Append("    ").Append(NftText.Statement(rule)).Append('\n');
            }

            text.Append("    drop\n  }\n");
        }

        text.Append($"  map classes {{\n    type {NftText.AddressType(isV6)} : verdict\n    flags interval\n");
        text.Append("    elements = {\n");
        foreach (var (first, last, number) in Intervals([.. classes.Select(entry => entry.Prefix)]))
        {
            text.Append(first == last ? first.ToString() : $"{first}-{last}");
            text.Append(NftText.Invariant($" : goto class{number},\n"));
        }

        return text.Append("    }\n  }\n").Append(NftText.BaseChain)
            .Append($"    {NftText.Source(isV6)} vmap @classes\n  }}\n}}\n").ToString();
    }

    /// <summary>Disjoint; an address is in the interval of the longest prefix that it is in.</summary>
    private static IEnumerable<(IpAddress First, IpAddress Last, int Class)> Intervals(Prefix[] classes)
    {
        var open = new Stack<int>();
        UInt128 next = 0;
        for (var i = 0; i <= classes.Length; i++)
        {
            while (open.Count > 0 && (i == classes.Length || !classes[open.Peek()].Contains(classes[i])))
            {
                var done = open.Pop();
                if (classes[done].Last.Bits >= next)
                {
                    yield return (classes[done].Address with { Bits = next }, classes[done].Last, done);
                }

                next = classes[done].Last.Bits + 1;
            }

            if (i == classes.Length)
            {
                yield break;
            }

            var start = classes[i].Address;
            if (open.Count > 0 && start.Bits > next)
            {
                yield return (start with { Bits = next }, start with { Bits = start.Bits - 1 }, open.Peek());
            }

            next = start.Bits;
            open.Push(i);
        }
    }
}
