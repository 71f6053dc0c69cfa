using System.Globalization;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Benchmarks.Peers;

/// <summary>Words of nft(8).</summary>
internal static class NftText
{
    /// <summary>The chain that everything arriving on the loopback interface goes through.</summary>
    public const string BaseChain =
        "  chain ingress {\n    type filter hook ingress device \"lo\" priority 0; policy drop;\n";

    public static string AddressType(bool isV6) => isV6 ? "ipv6_addr" : "ipv4_addr";

    public static string Source(bool isV6) => isV6 ? "ip6 saddr" : "ip saddr";

    public static string Verdict(PeerRule rule) => rule.Allow ? "accept" : "drop";

    /// <summary>Of a concatenation, which has no word for "any".</summary>
    public static string Addresses(Prefix prefix) =>
        prefix.Length == 0 ? $"{prefix.Address}-{prefix.Last}" : prefix.ToString();

    public static string Protocols(PeerRule rule) =>
        rule.Protocol?.ToString(CultureInfo.InvariantCulture) ?? "0-255";

    /// <summary>Conditions and verdict of a rule, without its address.</summary>
    public static string Statement(PeerRule rule)
    {
        var protocol = rule.Protocol is { } number ? Invariant($"meta l4proto {number} ") : "";
        var ports = rule.HasPorts ? $"th dport {rule.Ports} " : "";
        return protocol + ports + Verdict(rule);
    }

    public static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
