using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Tests.Dataplane;

/// <summary>The persona of a VM that may do nothing.</summary>
internal static class DenyingPersona
{
    /// <summary>Denies both directions.</summary>
    public static Persona Everything { get; } = new()
    {
        Name = "deny-everything",
        Revision = 1,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules = [],
    };
}
