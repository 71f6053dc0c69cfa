using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EbpfPersonas.Personas.Json;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Api;

public sealed class PersonaApiTests : ControllerTest
{
    private static readonly byte[] Seed = File.ReadAllBytes(RepositoryFiles.Case("seed", "persona.json"));

    [Fact]
    public async Task Returns_the_document_byte_for_byte_with_metadata_and_status_behind_it()
    {
        using var put = await Controller.Http.PutAsync(
            "/api/v1/personas/database_client", RunningController.Json(Seed));
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal("/api/v1/personas/database_client", put.Headers.Location!.ToString());

        var body = await Controller.Http.GetByteArrayAsync("/api/v1/personas/database_client");

        var own = Seed.AsSpan(0, Seed.AsSpan().LastIndexOf("\n}"u8));
        Assert.True(body.AsSpan().StartsWith(own), Encoding.UTF8.GetString(body));
        Assert.Equal(Seed, DocumentText.Without(body, "metadata", "status"));
        var parsed = JsonNode.Parse(body)!;
        Assert.Equal(1, (long)parsed["metadata"]!["revision"]!);
        Assert.Contains(parsed["status"]!["conditions"]!.AsArray(), condition =>
            (string?)condition!["type"] == "NOT_ENFORCED_YET"
                && (string?)condition["name"] == "security_profile.encryption_required");
    }

    [Fact]
    public async Task Says_at_upload_what_is_not_enforced_yet()
    {
        using var put = await Controller.Http.PutAsync(
            "/api/v1/personas/database_client", RunningController.Json(Seed));

        var warnings = (await RunningController.SuccessAsync(put))["warnings"]!.AsArray();

        Assert.Contains(warnings, warning => (string?)warning!["pointer"] == "/security_profile/encryption_required"
            && ((string?)warning["message"])!.StartsWith(
                "NOT_ENFORCED_YET: security_profile.encryption_required", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Takes_back_what_it_gave_and_ignores_metadata_and_status()
    {
        await Controller.PutPersonaAsync(Encoding.UTF8.GetString(Seed));
        var given = await Controller.Http.GetByteArrayAsync("/api/v1/personas/database_client");

        using var put = await Controller.Http.PutAsync(
            "/api/v1/personas/database_client", RunningController.Json(given));

        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        Assert.Equal("\"1\"", put.Headers.ETag!.Tag);
        Assert.Equal(given, await Controller.Http.GetByteArrayAsync("/api/v1/personas/database_client"));
    }

    [Fact]
    public async Task The_same_document_twice_is_one_revision_and_another_one_is_a_second()
    {
        await Controller.PutPersonaAsync("""{"name":"p"}""");
        using var same = await Controller.Http.PutAsync(
            "/api/v1/personas/p", RunningController.Json("""{"name":"p"}"""));
        using var other = await Controller.Http.PutAsync(
            "/api/v1/personas/p", RunningController.Json("""{"name":"p","priority":1}"""));

        Assert.Equal("\"1\"", same.Headers.ETag!.Tag);
        Assert.Equal("\"2\"", other.Headers.ETag!.Tag);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        var first = await Controller.GetAsync("/api/v1/personas/p/revisions/1");
        Assert.Null(first["priority"]);
        var revisions = (await Controller.GetAsync("/api/v1/personas/p/revisions"))["items"]!.AsArray();
        Assert.Equal([2L, 1L], revisions.Select(item => (long)item!["metadata"]!["revision"]!));
    }

    [Fact]
    public async Task Writes_honour_If_Match_and_If_None_Match()
    {
        await RunningController.ProblemAsync(await PutAsync("p", """{"name":"p"}""", ("If-Match", "*")), 412);
        Assert.Equal(
            HttpStatusCode.Created, (await PutAsync("p", """{"name":"p"}""", ("If-None-Match", "*"))).StatusCode);
        await RunningController.ProblemAsync(
            await PutAsync("p", """{"name":"p","priority":1}""", ("If-None-Match", "*")), 412);
        await RunningController.ProblemAsync(
            await PutAsync("p", """{"name":"p","priority":1}""", ("If-Match", "\"7\"")), 412);
        await RunningController.ProblemAsync(
            await PutAsync("p", """{"name":"p","priority":1}""", ("If-Match", "W/\"1\"")), 412);
        await RunningController.ProblemAsync(
            await PutAsync("p", """{"name":"p","priority":1}""", ("If-Match", "\"abc\"")), 412);
        using var matched = await PutAsync("p", """{"name":"p","priority":1}""", ("If-Match", "\"9\", \"1\""));
        Assert.Equal(HttpStatusCode.OK, matched.StatusCode);
        await RunningController.ProblemAsync(
            await PutAsync("p", """{"name":"p","priority":2}""", ("If-Match", "\"1\"")), 412);
    }

    [Fact]
    public async Task A_reader_that_has_the_revision_gets_304()
    {
        await Controller.PutPersonaAsync("""{"name":"p"}""");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/personas/p");
        request.Headers.TryAddWithoutValidation("If-None-Match", "W/\"1\"");

        using var answer = await Controller.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotModified, answer.StatusCode);
        Assert.Equal("\"1\"", answer.Headers.ETag!.Tag);
    }

    [Fact]
    public async Task A_deleted_persona_is_gone_and_its_revision_numbers_are_not_used_again()
    {
        await Controller.PutPersonaAsync("""{"name":"p"}""");
        using var deleted = await Controller.Http.DeleteAsync("/api/v1/personas/p");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await RunningController.ProblemAsync(await Controller.Http.GetAsync("/api/v1/personas/p"), 404);
        await RunningController.ProblemAsync(await Controller.Http.DeleteAsync("/api/v1/personas/p"), 404);

        using var again = await Controller.Http.PutAsync(
            "/api/v1/personas/p", RunningController.Json("""{"name":"p"}"""));

        Assert.Equal(HttpStatusCode.Created, again.StatusCode);
        Assert.Equal("\"2\"", again.Headers.ETag!.Tag);
    }

    [Fact]
    public async Task A_persona_that_a_VM_is_bound_to_cannot_be_deleted()
    {
        await Controller.PutPersonaAsync(RunningController.Persona);
        await using var agent = await Controller.AgentAsync("vm-1");
        await Controller.BindAsync("vm-1", """["db"]""");

        var problem = await RunningController.ProblemAsync(
            await Controller.Http.DeleteAsync("/api/v1/personas/db"), 409);

        Assert.Contains("vm-1", (string)problem["detail"]!, StringComparison.Ordinal);
        await Controller.BindAsync("vm-1", "[]");
        using var deleted = await Controller.Http.DeleteAsync("/api/v1/personas/db");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
    }

    [Fact]
    public async Task Lists_are_paged_by_cursor()
    {
        foreach (var name in new[] { "c", "a", "e", "b", "d" })
        {
            await Controller.PutPersonaAsync($$"""{"name":"{{name}}"}""");
        }

        var names = new List<string>();
        var cursor = "";
        do
        {
            var page = await Controller.GetAsync($"/api/v1/personas?limit=2{cursor}");
            names.AddRange(page["items"]!.AsArray().Select(item => (string)item!["name"]!));
            cursor = (string?)page["next_cursor"] is { } next ? $"&cursor={next}" : "";
        }
        while (cursor.Length > 0);

        Assert.Equal(["a", "b", "c", "d", "e"], names);
    }

    [Fact]
    public async Task Validate_reports_without_storing()
    {
        using var good = await Controller.Http.PostAsync("/api/v1/personas/validate", RunningController.Json(Seed));
        using var bad = await Controller.Http.PostAsync(
            "/api/v1/personas/validate", RunningController.Json("""{"name":"X","a":1}"""));
        using var none = await Controller.Http.PostAsync("/api/v1/personas/validate", RunningController.Json("{"));

        var report = await RunningController.SuccessAsync(good);
        Assert.True((bool)report["valid"]!);
        Assert.Equal(2, (int)report["size"]!["rules"]!);
        Assert.Equal(
            ["/a UNKNOWN_FIELD", "/name BAD_NAME"],
            RunningController.Errors(await RunningController.SuccessAsync(bad)).Order(StringComparer.Ordinal));
        Assert.Equal([" MALFORMED_JSON"], RunningController.Errors(await RunningController.SuccessAsync(none)));
        Assert.Empty((await Controller.GetAsync("/api/v1/personas"))["items"]!.AsArray());
    }

    [Fact]
    public async Task Validating_gives_every_error_and_every_warning_at_once()
    {
        using var answer = await Controller.Http.PostAsync("/api/v1/personas/validate", RunningController.Json("""
            {"name": "P", "priority": 1001, "network_profile": {
              "allowed_egress": [
                {"port": 65536}, {"destination": ["10.0.0.1/8", "10.0.0.0/33"]}, {"destination_set": "x"}],
              "denied_ingress": [{"protocol": "icmp", "icmp": {"code": 1}}]}}
            """));

        var report = await RunningController.SuccessAsync(answer);

        Assert.False((bool)report["valid"]!);
        Assert.Equal(
            [
                "/name BAD_NAME", "/network_profile/allowed_egress/0/port OUT_OF_RANGE",
                "/network_profile/allowed_egress/1/destination/1 BAD_ADDRESS",
                "/network_profile/denied_ingress/0/icmp/type REQUIRED", "/priority OUT_OF_RANGE",
            ],
            RunningController.Errors(report).Order(StringComparer.Ordinal));
        Assert.Equal(
            [
                "/network_profile/allowed_egress/1/destination/0 HOST_BITS",
                "/network_profile/allowed_egress/2/destination_set NOT_ENFORCED_YET",
            ],
            Warnings(report));
    }

    [Fact]
    public async Task Warns_of_rules_that_decide_nothing_and_names_both()
    {
        var answer = await Controller.PutPersonaAsync("""
            {"name": "lint", "network_profile": {
              "firewall_rules": [
                {"name": "narrow", "direction": "egress", "action": "allow", "priority": 7, "ports": [22]},
                {"name": "wide", "direction": "egress", "action": "deny", "priority": 6, "ports": ["20-25"]}],
              "allowed_egress": [
                {"name": "dns", "protocol": "udp", "port": 53}, {"protocol": "udp", "ports": ["53-53"]},
                {"name": "none", "destination": "10.0.0.1", "except": ["10.0.0.1"]}]}}
            """);

        Assert.Equal(
            [
                "/network_profile/firewall_rules/0 SHADOWED_RULE", "/network_profile/allowed_egress/1 DUPLICATE_RULE",
                "/network_profile/allowed_egress/2 MATCHES_NOTHING",
            ],
            Warnings(answer));
        Assert.Equal(
            [
                "narrow never decides: wide is asked before it and matches all that it matches.",
                "/network_profile/allowed_egress/1 repeats dns, which is asked before it.",
                "none matches no packet: except takes all of its peer.",
            ],
            answer["warnings"]!.AsArray().Select(warning => (string?)warning!["message"]));
    }

    private static IEnumerable<string> Warnings(JsonNode answer) =>
        answer["warnings"]!.AsArray().Select(warning => $"{warning!["pointer"]} {warning["code"]}");

    private async Task<HttpResponseMessage> PutAsync(string name, string json, (string Name, string Value) header)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/personas/{name}");
        request.Content = RunningController.Json(json);
        request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        return await Controller.Http.SendAsync(request);
    }
}
