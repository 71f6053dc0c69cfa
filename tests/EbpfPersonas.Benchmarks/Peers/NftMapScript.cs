using System.Text;

namespace EbpfPersonas.Benchmarks.Peers;

/// <summary>
/// A verdict map of concatenated ranges for each layer of rules that do not overlap; a layer of a few rules is written
/// out, which is faster than a map.
/// </summary>
internal static class NftMapScript
{
    private const int FewRules = 3;

    public static string Write(IReadOnlyList<PeerRule> rules, bool isV6)
    {
        var layers = RuleLayers.Split(rules);
        var text = new StringBuilder("table netdev peer {\n");
        var chain = new StringBuilder(NftText.BaseChain);
        for (var i = 0; i < layers.Count; i++)
        {
            if (layers[i].Count <= FewRules)
            {
                foreach (var rule in layers[i])
                {
                    chain.Append($"    {NftText.Source(isV6)} {rule.Prefix} {NftText.Statement(rule)}\n");
                }

                continue;
            }

            WriteMap(text, layers[i], i, isV6);
            chain.Append(NftText.Invariant(
                $"    {NftText.Source(isV6)} . meta l4proto . th dport vmap @layer{i}\n"));
        }

        return text.Append(chain).Append("  }\n}\n").ToString();
    }

    private static void WriteMap(StringBuilder text, IReadOnlyList<PeerRule> rules, int layer, bool isV6)
    {
        text.Append(NftText.Invariant($"  map layer{layer} {{\n"));
        text.Append($"    type {NftText.AddressType(isV6)} . inet_proto . inet_service : verdict\n");
        text.Append("    flags interval\n    elements = {\n");
        foreach (var rule in rules)
        {
            text.Append($"{NftText.Addresses(rule.Prefix)} . {NftText.Protocols(rule)} . {rule.Ports}");
            text.Append($" : {NftText.Verdict(rule)},\n");
        }

        text.Append("    }\n  }\n");
    }
}
