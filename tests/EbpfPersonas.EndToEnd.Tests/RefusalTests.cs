using System.Text.Json.Nodes;
using EbpfPersonas.TestKit.Deployment;
using Xunit;

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>A persona that the kernel has no room for.</summary>
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
        await StartAgentAsync();
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
    /// One rule of 300 peers times 250 ports, each its own entry: more than the 65,536 that the kernel's table has.
    /// </summary>
    private static string TooLarge()
    {
        var peers = new JsonArray(
            [.. Enumerable.Range(0, 300).Select(peer => JsonValue.Create($"10.{peer / 250}.{peer % 250}.0/24"))]);
        var ports = new JsonArray([.. Enumerable.Range(0, 250).Select(port => JsonValue.Create(1000 + (2 * port)))]);
        var rule = new JsonObject { ["protocol"] = "tcp", ["ports"] = ports, ["destination"] = peers };
        return new JsonObject
        {
            ["name"] = "too_large",
            ["network_profile"] = new JsonObject { ["allowed_egress"] = new JsonArray(rule) },
        }.ToJsonString();
    }
}
