namespace EbpfPersonas.Personas.Model;

/// <summary>The list of the document that a rule stands in; lower values are evaluated first.</summary>
public enum RuleList
{
    /// <summary><c>firewall_rules</c>, ordered by priority.</summary>
    FirewallRules = 1,

    /// <summary><c>denied_ingress</c> and <c>denied_egress</c>.</summary>
    Denied = 2,

    /// <summary><c>allowed_ingress</c> and <c>allowed_egress</c>.</summary>
    Allowed = 3,
}
