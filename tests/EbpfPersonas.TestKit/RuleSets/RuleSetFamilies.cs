namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>The address families that the peers of a rule set have.</summary>
public enum RuleSetFamilies
{
    IPv4,
    IPv6,

    /// <summary>About half of each.</summary>
    Both,
}
