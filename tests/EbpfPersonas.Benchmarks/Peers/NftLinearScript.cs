using System.Text;

namespace EbpfPersonas.Benchmarks.Peers;

/// <summary>One nftables rule for each rule.</summary>
internal static class NftLinearScript
{
    public static string Write(IReadOnlyList<PeerRule> rules, bool isV6)
    {
        var text = new StringBuilder("table netdev peer {\n").Append(NftText.BaseChain);
        foreach (var rule in rules)
        {
            text.Append("    ").Append(NftText.Source(isV6)).Append(' ').Append(rule.Prefix).Append(' ')
                .Append(NftText.Statement(rule)).Append('\n');
        }

        return text.Append("  }\n}\n").ToString();
    }
}
