namespace EbpfPersonas.Agent.Abi;

/// <summary>
/// enum rule_action of bpf/abi: what a rule does with the packets it matches; the values of
/// <see cref="EbpfPersonas.Personas.Model.RuleAction"/>, and none.
/// </summary>
public enum RuleAction
{
    /// <summary>As in the C source.</summary>
    None = 0,

    /// <summary>As in the C source.</summary>
    Allow = 1,

    /// <summary>As in the C source.</summary>
    Deny = 2,

    /// <summary>As in the C source.</summary>
    Reject = 3,
}
