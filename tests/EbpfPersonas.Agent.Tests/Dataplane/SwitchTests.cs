using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Model;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Dataplane;

public sealed class SwitchTests
{
    [Fact]
    public void Applies_a_persona_and_takes_it_back()
    {
        using var dataplane = PersonaDataplane.Load(new DataplaneOptions());
        Assert.Null(dataplane.Realised.Persona);

        var realised = dataplane.Apply(7, Deny("quiet"));

        Assert.Equal(new RealisedState(7, 1, "quiet", 3), realised);
        Assert.Equal(new RealisedState(8, 2, null, 0), dataplane.Apply(8, null));
        Assert.Empty(dataplane.ReadCounters().Verdicts);
    }

    private static Persona Deny(string name) => new()
    {
        Name = name,
        Revision = 3,
        DefaultIngress = RuleAction.Deny,
        DefaultEgress = RuleAction.Deny,
        Rules = [],
    };
}
