using System.Text;

namespace EbpfPersonas.Benchmarks.Peers;

/// <summary>A verdict map of exact values: hosts, one protocol, one port each.</summary>
internal static class NftHashScript
{
    public static string Write(IReadOnlyList<PeerRule> rules, bool isV6)
    {
        var text = new StringBuilder("table netdev peer {\n");
        text.Append($"  map exact {{\n    type {NftText.AddressType(isV6)} . inet_proto . inet_service : verdict\n");
        text.Append("    elements = {\n");
        foreach (var rule in rules.DistinctBy(rule => (rule.Prefix, rule.Protocol, rule.Ports)))
        {
            if (rule.Prefix.Length != rule.Prefix.Address.Width || rule.Ports.First != rule.Ports.Last)
            {
                throw new NotSupportedException($"{rule} is not exact.");
            }

            text.Append(NftText.Invariant(
                $"{rule.Prefix.Address} . {rule.Protocol} . {rule.Ports.First} : {NftText.Verdict(rule)},\n"));
        }

        return text.Append("    }\n  }\n").Append(NftText.BaseChain)
            .Append($"    {NftText.Source(isV6)} . meta l4proto . th dport vmap @exact\n  }}\n}}\n").ToString();
    }
}
