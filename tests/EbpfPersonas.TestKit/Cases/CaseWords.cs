using System.Collections.Immutable;

namespace EbpfPersonas.TestKit.Cases;

/// <summary>
/// The closed lists of verdict and reason words, written out once more so that a test can hold the product's against
/// them.
/// </summary>
public static class CaseWords
{
    public static ImmutableArray<string> Verdicts { get; } = ["forwarded", "dropped", "rejected", "audit"];

    public static ImmutableArray<string> Reasons { get; } =
    [
        "allowed_rule", "default_allow", "no_persona", "established", "reevaluated", "related_icmp", "failsafe",
        "denied_rule", "default_deny", "acl_denied", "persona_switch", "unencrypted", "tls_version", "sni_denied",
        "auth_protocol", "rate_limited", "connection_limit", "fragment", "truncated", "invalid_packet",
        "unknown_protocol", "unsupported_ethertype", "spoofed_source", "martian", "conntrack_full",
    ];
}
