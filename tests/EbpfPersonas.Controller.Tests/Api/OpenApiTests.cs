using Xunit;

namespace EbpfPersonas.Controller.Tests.Api;

public sealed class OpenApiTests : ControllerTest
{
    [Fact]
    public async Task The_description_is_OpenAPI_3_1_and_every_operation_has_a_name_and_a_summary()
    {
        var document = await Controller.GetAsync("/openapi/v1.json");

        Assert.StartsWith("3.1", (string)document["openapi"]!, StringComparison.Ordinal);
        var operations = document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()
            .Select(operation => (Path: $"{operation.Key} {path.Key}", Operation: operation.Value!))).ToArray();
        Assert.Contains(operations, operation => operation.Path == "put /api/v1/personas/{name}");
        Assert.Contains(operations, operation => operation.Path == "post /api/v1/vms/{id}/activations");
        Assert.All(operations, operation => Assert.NotNull(operation.Operation["summary"]));
        var names = operations.Select(operation => (string)operation.Operation["operationId"]!);
        Assert.Equal(operations.Length, names.Distinct().Count());
        Assert.DoesNotContain(operations, operation => operation.Path.Contains("metrics", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_problem_names_its_members_as_they_are_sent()
    {
        var document = await Controller.GetAsync("/openapi/v1.json");

        var problem = document["components"]!["schemas"]!["Problem"]!["properties"]!.AsObject();

        Assert.Equal(["type", "title", "status", "detail", "errors"], problem.Select(member => member.Key));
    }

    [Theory]
    [InlineData("lifecycle", "LifecycleStatus")]
    [InlineData("bound", "BoundStatus")]
    public async Task The_status_says_of_each_member_of_a_life_what_it_means(string member, string schema)
    {
        var schemas = (await Controller.GetAsync("/openapi/v1.json"))["components"]!["schemas"]!;

        Assert.Contains(
            $"#/components/schemas/{schema}", schemas["VmStatus"]!["properties"]![member]!.ToJsonString(),
            StringComparison.Ordinal);
        Assert.All(
            schemas[schema]!["properties"]!.AsObject(), property => Assert.NotNull(property.Value!["description"]));
    }

    /// <summary>An unknown member's error lists what is known; the schema must list the same.</summary>
    [Theory]
    [InlineData("Persona", "", """{"name":"p","?":1}""")]
    [InlineData("NetworkProfile", "/network_profile", """{"name":"p","network_profile":{"?":1}}""")]
    [InlineData("Qos", "/network_profile/qos", """{"name":"p","network_profile":{"qos":{"?":1}}}""")]
    [InlineData(
        "Rule", "/network_profile/denied_egress/0", """{"name":"p","network_profile":{"denied_egress":[{"?":1}]}}""")]
    [InlineData(
        "OrderedRule", "/network_profile/firewall_rules/0",
        """{"name":"p","network_profile":{"firewall_rules":[{"?":1}]}}""")]
    [InlineData("SecurityProfile", "/security_profile", """{"name":"p","security_profile":{"?":1}}""")]
    [InlineData(
        "Encryption", "/security_profile/encryption", """{"name":"p","security_profile":{"encryption":{"?":1}}}""")]
    [InlineData("Acl", "/security_profile/acls/0", """{"name":"p","security_profile":{"acls":[{"?":1}]}}""")]
    [InlineData("ResourceLimits", "/resource_limits", """{"name":"p","resource_limits":{"?":1}}""")]
    [InlineData("Trigger", "/activation_trigger", """{"name":"p","activation_trigger":{"?":1}}""")]
    [InlineData("Lifecycle", "/lifecycle", """{"name":"p","lifecycle":{"?":1}}""")]
    [InlineData("VerdictTest", "/tests/0", """{"name":"p","tests":[{"?":1}]}""")]
    public async Task The_schema_of_a_persona_knows_exactly_what_the_reader_knows(
        string schema, string place, string json)
    {
        var document = await Controller.GetAsync("/openapi/v1.json");
        using var answer = await Controller.Http.PostAsync("/api/v1/personas/validate", RunningController.Json(json));
        var report = await RunningController.SuccessAsync(answer);

        var message = (string)report["errors"]!.AsArray()
            .Single(error => (string?)error!["pointer"] == $"{place}/?"
                && (string?)error["code"] == "UNKNOWN_FIELD")!["message"]!;
        var known = message.Split("Known are: ")[1].TrimEnd('.').Split(", ").Order(StringComparer.Ordinal);

        var properties = document["components"]!["schemas"]![schema]!["properties"]!.AsObject().Select(
            property => property.Key);
        Assert.Equal(known, properties.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_persona_is_described_where_it_goes_in_and_where_it_comes_out()
    {
        var put = (await Controller.GetAsync("/openapi/v1.json"))["paths"]!["/api/v1/personas/{name}"]!["put"]!;

        Assert.Equal(
            "#/components/schemas/Persona",
            (string?)put["requestBody"]!["content"]!["application/json"]!["schema"]!["$ref"]);
        Assert.Equal(
            "#/components/schemas/Persona",
            (string?)put["responses"]!["201"]!["content"]!["application/json"]!["schema"]!["$ref"]);
    }

    [Fact]
    public async Task The_reference_page_needs_nobody_but_the_controller()
    {
        using var page = await Controller.Http.GetAsync("/reference");

        Assert.Contains(
            "default-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        var html = await page.Content.ReadAsStringAsync();
        Assert.DoesNotContain("http://", html, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", html, StringComparison.Ordinal);
        Assert.Contains("/openapi/v1.json", html, StringComparison.Ordinal);
    }
}
