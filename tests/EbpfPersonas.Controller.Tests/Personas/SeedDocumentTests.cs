using System.Text;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Validation;
using EbpfPersonas.Personas.Wire;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Personas;

public sealed class SeedDocumentTests
{
    /// <summary>The document of the design, byte for byte; it must stay valid for ever.</summary>
    private const string Seed = """
        {
          "name": "database_client",
          "network_profile": {
            "allowed_ingress": [{"protocol": "tcp", "port": 3306, "source": "10.0.0.0/24"}],
            "allowed_egress":  [{"protocol": "tcp", "port": 3306, "destination": "10.0.0.10"}]
          },
          "security_profile": {"encryption_required": true, "authentication_protocol": "TLS"},
          "resource_limits": {"cpu": "2 cores", "memory": "4GB"},
          "activation_trigger": {"process_name": "mysql"}
        }

        """;

    [Fact]
    public void The_case_folder_holds_the_seed_document_byte_for_byte() =>
        Assert.Equal(Encoding.UTF8.GetBytes(Seed), File.ReadAllBytes(RepositoryFiles.Case("seed", "persona.json")));

    [Fact]
    public void The_seed_document_is_valid_and_says_what_is_not_enforced_yet()
    {
        var findings = new Findings();

        var persona = PersonaValidator.Validate(Encoding.UTF8.GetBytes(Seed), findings, "database_client");

        Assert.Empty(findings.Errors);
        Assert.Equal(Seed, Encoding.UTF8.GetString(persona!.Text.Span));
        Assert.Equal(
            [
                "/security_profile/encryption_required NOT_ENFORCED_YET",
                "/security_profile/authentication_protocol NOT_ENFORCED_YET",
                "/resource_limits/cpu NOT_ENFORCED_YET",
                "/resource_limits/memory NOT_ENFORCED_YET",
                "/activation_trigger/process_name FORGEABLE_TRIGGER",
                "/network_profile CUTS_DNS",
                "/network_profile CUTS_SSH",
            ],
            persona.Warnings.Select(warning => $"{warning.Pointer} {warning.Code}"));
        Assert.StartsWith(
            "NOT_ENFORCED_YET: security_profile.encryption_required ", persona.Warnings[0].Message,
            StringComparison.Ordinal);
        Assert.Equal(2000, persona.Document.ResourceLimits!.CpuMillicores);
        Assert.Equal(4_000_000_000, persona.Document.ResourceLimits.Memory);
    }

    [Fact]
    public void The_seed_document_denies_by_default_and_allows_what_it_lists()
    {
        var document = PersonaValidator.Validate(Encoding.UTF8.GetBytes(Seed), new Findings())!.Document;

        var persona = PersonaReader.Read(PersonaMapper.ToWire(document, 3));

        Assert.Equal((RuleAction.Deny, RuleAction.Deny), (persona.DefaultIngress, persona.DefaultEgress));
        Assert.Equal(3UL, persona.Revision);
        Assert.Equal(
            ["/network_profile/allowed_ingress/0", "/network_profile/allowed_egress/0"],
            persona.Rules.Select(rule => rule.Id));
        Assert.True(Assert.Single(BindingMapper.ToBinding(document).Trigger.Conditions).Matches(
            new ProcessImage("/usr/bin/mysql", "/usr/bin/mariadb", 0, "root")));
    }
}
