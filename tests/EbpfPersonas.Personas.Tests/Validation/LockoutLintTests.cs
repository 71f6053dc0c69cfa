using System.Text;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Validation;

namespace EbpfPersonas.Personas.Tests.Validation;

/// <summary>Warnings of personas that let nobody manage their VM.</summary>
public sealed class LockoutLintTests
{
    private static readonly (IpAddress Address, ushort Port)[] Controller = [(IpAddress.Parse("10.0.0.2"), 7071)];

    [Theory]
    [InlineData("""{"default_action":{"ingress":"deny","egress":"deny"}}""", "CONTROLLER DNS SSH")]
    [InlineData("""{"allowed_egress":[]}""", "CONTROLLER DNS")]
    [InlineData("""{"allowed_ingress":[]}""", "SSH")]
    [InlineData("""{"denied_egress":[{"protocol":"tcp","port":7071}]}""", "CONTROLLER")]
    [InlineData("""{"denied_egress":[{"destination":"10.0.0.0/24"}]}""", "CONTROLLER")]
    [InlineData("""{"denied_egress":[{"destination":["0.0.0.0/1","128.0.0.0/1"]},{"destination":"::/0"}]}""",
        "CONTROLLER DNS")]
    [InlineData("""{"denied_egress":[{"port":53}],"denied_ingress":[{"port":22}]}""", "DNS SSH")]
    [InlineData("""{"firewall_rules":[{"direction":"ingress","action":"reject","protocol":"tcp"}]}""", "SSH")]
    [InlineData("""
        {"firewall_rules":[
          {"direction":"ingress","action":"deny","priority":1,"port":22,"source":"10.0.0.0/8"},
          {"direction":"ingress","action":"allow","priority":2,"port":22,"source":"10.0.0.0/24"}],
          "allowed_ingress":[]}
        """, "SSH")]
    public void Warns_of_what_nobody_at_all_may_do(string network, string cut)
    {
        Assert.Equal(
            cut.Split(' ').Select(what => $"/network_profile CUTS_{what}"),
            Warnings($$"""{"name":"p","network_profile":{{network}}}"""));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"denied_egress":[{"destination":"0.0.0.0/1"}]}""")]
    [InlineData("""{"denied_egress":[{"destination":"192.168.0.0/16"}]}""")]
    [InlineData("""{"denied_egress":[{"protocol":"udp","port":53}],"denied_ingress":[{"protocol":"udp"}]}""")]
    [InlineData("""
        {"allowed_egress":[{"protocol":"udp","port":53,"destination":"10.9.9.9"},{"protocol":"tcp","port":7071}],
          "allowed_ingress":[{"protocol":"tcp","source":"10.0.0.7"}]}
        """)]
    [InlineData(
        """{"denied_ingress":[{"source":"0.0.0.0/0"}],"allowed_ingress":[{"port":22,"source":"2001:db8::1"}]}""")]
    [InlineData(
        """
        {"denied_egress":[{"protocol":"any","mode":"audit"}],"denied_ingress":[{"protocol":"tcp","mode":"audit"}]}
        """)]
    public void Does_not_where_somebody_may(string network)
    {
        // The first denies half of the internet, in which the controller is.
        Assert.DoesNotContain(
            Warnings($$"""{"name":"p","network_profile":{{network}}}"""),
            warning => warning.Contains("CUTS_DNS", StringComparison.Ordinal)
                || warning.Contains("CUTS_SSH", StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_is_cut_where_it_is_only_counted()
    {
        Assert.Empty(Warnings(
            """
            {"name":"p","network_profile":{"allowed_egress":[],"allowed_ingress":[]},
              "lifecycle":{"enforcement_mode":"audit"}}
            """));
    }

    [Fact]
    public void One_of_several_addresses_of_the_controller_is_enough()
    {
        var findings = Validate(
            """{"name":"p","network_profile":{"denied_egress":[{"destination":"10.0.0.2"}]}}""",
            [.. Controller, (IpAddress.Parse("10.0.1.2"), 7071)]);

        Assert.Empty(findings.Warnings);
    }

    private static IEnumerable<string> Warnings(string document) =>
        Validate(document, Controller).Warnings
            .Where(warning => warning.Code.StartsWith("CUTS_", StringComparison.Ordinal))
            .Select(warning => $"{warning.Pointer} {warning.Code}");

    private static Findings Validate(string document, (IpAddress Address, ushort Port)[] controllers)
    {
        var findings = new Findings();
        Assert.True(
            PersonaValidator.Validate(Encoding.UTF8.GetBytes(document), findings, controllers: controllers) is not null,
            string.Join(' ', findings.Errors));
        return findings;
    }
}
