using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using EbpfPersonas.Personas.Compile;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Api;

/// <summary>What a persona costs an agent is said before anybody pays it.</summary>
public sealed class PersonaSizeTests : ControllerTest
{
    private const string Two = """
        {"name": "two", "network_profile": {"allowed_egress": [
          {"protocol": "tcp", "port": 3306, "destination": ["10.0.0.10", "10.0.1.0/24"]},
          {"protocol": "udp", "port": 53}]}}
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_dry_run_and_an_upload_show_what_the_compiler_makes_of_the_document()
    {
        using var dryRun = await Controller.Http.PostAsync("/api/v1/personas/validate", RunningController.Json(Two));
        var size = (await RunningController.SuccessAsync(dryRun))["size"]!;

        // Egress IPv4 is cut into five intervals, the three other roots are one each; an address is in the class of
        // both rules or in that of DNS alone.
        Assert.Equal((2, 2, 8), ((int)size["rules"]!, (int)size["prefixes"]!, (int)size["intervals"]!));
        Assert.Equal(3, (int)size["classes"]!);
        Assert.Equal((int)size["lines"]! * 64L, (long)size["octets"]!);
        Assert.InRange((long)size["octets"]!, 3 * 64, 1024);
        Assert.Equal(size.ToJsonString(), (await Controller.PutPersonaAsync(Two))["size"]!.ToJsonString());
        Assert.Null((await Controller.GetAsync("/api/v1/personas/two"))["size"]);
    }

    [Fact]
    public async Task An_answer_with_its_size_can_be_sent_back()
    {
        var answer = await Controller.PutPersonaAsync(Two);

        var again = await Controller.PutPersonaAsync(answer.ToJsonString());

        Assert.Equal(answer["size"]!.ToJsonString(), again["size"]!.ToJsonString());
    }

    [Fact]
    public async Task A_persona_without_room_on_a_default_agent_is_refused_before_it_is_stored()
    {
        var document = TooLarge();
        var start = Stopwatch.GetTimestamp();
        using var dryRun = await Controller.Http.PostAsync(
            "/api/v1/personas/validate", RunningController.Json(document));
        var took = Stopwatch.GetElapsedTime(start);
        var report = await RunningController.SuccessAsync(dryRun);
        using var put = await Controller.Http.PutAsync(
            "/api/v1/personas/too_large", RunningController.Json(document));

        Assert.False((bool)report["valid"]!);
        Assert.Null(report["size"]);
        Assert.Equal(["/network_profile TOO_LARGE"], RunningController.Errors(report));
        var message = (string)report["errors"]![0]!["message"]!;
        Assert.Contains(
            $"{(long)PersonaCompiler.DefaultLinesMax * CompiledSize.LineOctets} octets", message,
            StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, put.StatusCode);
        Assert.Empty((await Controller.GetAsync("/api/v1/personas"))["items"]!.AsArray());
        Assert.True(took < Patience, $"it took {took}");
    }

    [Fact]
    public async Task The_description_lists_what_the_size_has()
    {
        var schemas = (await Controller.GetAsync("/openapi/v1.json"))["components"]!["schemas"]!;
        var schema = schemas["PersonaSize"]!;

        Assert.Equal(
            "#/components/schemas/PersonaSize", (string?)schemas["Persona"]!["properties"]!["size"]!["$ref"]);
        Assert.Equal(
            ["rules", "prefixes", "wire_bytes", "intervals", "classes", "lines", "octets"],
            schema["properties"]!.AsObject().Select(member => member.Key));
        Assert.All(schema["properties"]!.AsObject(), member => Assert.NotNull(member.Value!["description"]));
    }

    /// <summary>
    /// Rules that each hold for a choice of hosts of their own and for ports that lie apart: no two hosts are alike,
    /// and what holds for one shares nothing with what holds for another.
    /// </summary>
    private static string TooLarge()
    {
        const int Rules = 16;
        const int Hosts = 6000;
        var random = new Random(1);
        var rules = new JsonArray();
        for (var rule = 0; rule < Rules; rule++)
        {
            var ports = Enumerable.Range(0, 64).Select(port => (JsonNode)((port * 1021) + (rule * 31) + 1));
            var hosts = Enumerable.Range(0, Hosts).Where(_ => random.Next(2) == 0)
                .Select(host => (JsonNode)$"10.0.{host / 250}.{host % 250}");
            rules.Add(new JsonObject
            {
                ["protocol"] = "tcp",
                ["ports"] = new JsonArray([.. ports]),
                ["destination"] = new JsonArray([.. hosts]),
            });
        }

        return new JsonObject
        {
            ["name"] = "too_large",
            ["network_profile"] = new JsonObject { ["allowed_egress"] = rules },
        }.ToJsonString();
    }
}
