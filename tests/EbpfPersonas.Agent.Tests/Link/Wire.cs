using EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Tests.Link;

/// <summary>Small personas as a controller sends them.</summary>
internal static class Wire
{
    public static Persona Persona(string name, ulong revision = 1) => new()
    {
        Name = name,
        Revision = revision,
        DefaultIngress = Protos.V1.Action.Deny,
        DefaultEgress = Protos.V1.Action.Allow,
        EnforcementMode = EnforcementMode.Enforce,
    };
}
