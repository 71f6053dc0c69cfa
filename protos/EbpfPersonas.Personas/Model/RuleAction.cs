namespace EbpfPersonas.Personas.Model;

/// <summary>What a rule does with the packets it matches.</summary>
public enum RuleAction
{
    /// <summary>Let the flow pass, and its replies with it.</summary>
    Allow = 1,

    /// <summary>Drop without a word.</summary>
    Deny = 2,

    /// <summary>Drop, and tell the sender (TCP RST, ICMP destination unreachable).</summary>
    Reject = 3,
}
