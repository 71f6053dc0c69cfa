using System.Text.Json.Nodes;
using EbpfPersonas.TestKit.Deployment;
using Xunit;

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>A persona that the controller accepts and this agent has no room for.</summary>
public sealed class RefusalTests : SystemTest
{
    private const string OnlyDatabase =
        """{"name":"only_database","network_profile":""" +
        """{"allowed_ingress":[],"allowed_egress":[{"protocol":"tcp","port":3306}]}}""";

    [Fact]
    public async Task Is_refused_by_the_agent_with_the_reason_and_the_persona_before_stays_in_force()
    {
        using var database = DbHost.Listen(DbAddress, 3306);
        using var web = DbHost.Listen(DbAddress, 8080);
        await StartAgentAsync(policyMemoryMib: 1);
        await PinAsync("only_database", OnlyDatabase);

        await Api.PutPersonaAsync("too_large", TooLarge());
        await Api.ActivateAsync(Vm, "too_large");
        JsonNode? status = null;
        await Eventually.TrueAsync(
            async () => (string?)(status = await Api.StatusAsync(Vm))["phase"] == "Failed",
            Patience, () => $"phase Failed; it is {status}");

        Assert.Equal("TOO_LARGE", (string?)status!["last_error"]!["code"]);
        Assert.Equal("only_database", (string?)status["active_persona"]);
        await AssertReachesAsync(VmHost, DbAddress, 3306);
        await AssertDoesNotReachAsync(VmHost, DbAddress, 8080);
    }

    /// <summary>
    /// Rules that each hold for hosts of their own choice and for ports that lie apart, so that nothing is shared: more
    /// than 1 MiB, and less than the 16 that agents have by default.
    /// </summary>
    private static string TooLarge()
    {
        const int Rules = 16;
        const int Hosts = 1200;
        var random = new Random(1);
        var rules = Enumerable.Range(0, Rules).Select(rule => (JsonNode)new JsonObject
        {
            ["protocol"] = "tcp",
            ["ports"] = new JsonArray(
                [.. Enumerable.Range(0, 64).Select(port => (JsonNode)((port * 1021) + (rule * 31) + 1))]),
            ["destination"] = new JsonArray(
                [.. Enumerable.Range(0, Hosts).Where(_ => random.Next(2) == 0)
                    .Select(host => (JsonNode)$"10.0.{host / 250}.{host % 250}")]),
        });
        return new JsonObject
        {
            ["name"] = "too_large",
            ["network_profile"] = new JsonObject { ["allowed_egress"] = new JsonArray([.. rules]) },
        }.ToJsonString();
    }
}
