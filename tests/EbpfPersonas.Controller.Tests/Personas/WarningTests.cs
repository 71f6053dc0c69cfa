using System.Text;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Validation;
using EbpfPersonas.Personas.Wire;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Personas;

public sealed class WarningTests
{
    [Fact]
    public void Reject_goes_out_as_reject_and_without_a_warning()
    {
        var (warnings, persona) = Read(
            """{"direction": "ingress", "action": "reject", "protocol": "tcp", "port": 80}""");

        Assert.Empty(warnings);
        Assert.Equal(RuleAction.Reject, Assert.Single(persona.Rules).Action);
    }

    [Fact]
    public void An_allow_rule_whose_peer_cannot_be_resolved_is_warned_of()
    {
        var (warnings, persona) = Read(
            """{"direction": "ingress", "action": "allow", "protocol": "tcp", "source_persona": "web"}""");

        Assert.Equal(["/network_profile/firewall_rules/0/source_persona NOT_ENFORCED_YET"], warnings);
        Assert.Empty(persona.Rules);
    }

    [Theory]
    [InlineData("{}", false)]
    [InlineData("""{"on_activation": "reevaluate"}""", false)]
    [InlineData("""{"on_activation": "keep_established"}""", true)]
    public void What_becomes_of_established_flows_goes_out_as_said_and_without_a_warning(string lifecycle, bool keeps)
    {
        var (warnings, persona) = ReadDocument($$$"""{"name": "p", "lifecycle": {{{lifecycle}}}}""");

        Assert.Empty(warnings);
        Assert.Equal(keeps, persona.KeepEstablished);
    }

    private static (IEnumerable<string> Warnings, Persona Persona) Read(string rule) =>
        ReadDocument($$$"""{"name": "p", "network_profile": {"firewall_rules": [{{{rule}}}]}}""");

    private static (IEnumerable<string> Warnings, Persona Persona) ReadDocument(string document)
    {
        var read = PersonaValidator.Validate(Encoding.UTF8.GetBytes(document), new Findings());
        Assert.NotNull(read);
        return (
            read.Warnings.Select(warning => $"{warning.Pointer} {warning.Code}"),
            PersonaReader.Read(PersonaMapper.ToWire(read.Document, revision: 1)));
    }
}
