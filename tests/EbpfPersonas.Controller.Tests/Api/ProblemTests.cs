using System.Net.Http.Headers;
using System.Text;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Api;

public sealed class ProblemTests : ControllerTest
{
    [Fact]
    public async Task All_errors_of_a_document_come_back_at_once()
    {
        using var answer = await Controller.Http.PutAsync("/api/v1/personas/p", RunningController.Json(
            """{"name":"q","network_profile":{"allowed_egress":[{"port":70000},{"protocol":"tpc"}]},"x":null}"""));

        var problem = await RunningController.ProblemAsync(answer, 422);

        Assert.Equal(
            [
                "/name NAME_MISMATCH", "/network_profile/allowed_egress/0/port OUT_OF_RANGE",
                "/network_profile/allowed_egress/1/protocol UNKNOWN_WORD", "/x UNKNOWN_FIELD",
            ],
            RunningController.Errors(problem).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"name\":\"p\"} x")]
    [InlineData("\u0000")]
    public async Task What_is_not_JSON_is_400(string body) => Assert.Equal(
        [" MALFORMED_JSON"],
        RunningController.Errors(await RunningController.ProblemAsync(
            await Controller.Http.PutAsync("/api/v1/personas/p", RunningController.Json(body)), 400)));

    [Fact]
    public async Task What_is_not_UTF8_is_400() => await RunningController.ProblemAsync(
        await Controller.Http.PutAsync("/api/v1/personas/p", RunningController.Json([(byte)'"', 0xFF, (byte)'"'])),
        400);

    [Fact]
    public async Task What_is_nested_too_deep_is_400() => Assert.Equal(
        [" TOO_DEEP"],
        RunningController.Errors(await RunningController.ProblemAsync(
            await Controller.Http.PutAsync(
                "/api/v1/personas/p", RunningController.Json(new string('[', 100_000))), 400)));

    [Fact]
    public async Task Another_media_type_is_415()
    {
        using var text = new StringContent("{}", Encoding.UTF8, "text/plain");
        using var latin = new StringContent("{}", Encoding.Latin1, "application/json");
        using var none = new ByteArrayContent("{}"u8.ToArray());
        await RunningController.ProblemAsync(await Controller.Http.PutAsync("/api/v1/personas/p", text), 415);
        await RunningController.ProblemAsync(await Controller.Http.PutAsync("/api/v1/personas/p", latin), 415);
        await RunningController.ProblemAsync(await Controller.Http.PostAsync("/api/v1/personas/validate", none), 415);
    }

    [Fact]
    public async Task More_than_a_mebibyte_is_413_with_and_without_a_length()
    {
        var body = Encoding.UTF8.GetBytes("{\"name\":\"p\"" + new string(' ', 1 << 20) + "}");
        await RunningController.ProblemAsync(
            await Controller.Http.PutAsync("/api/v1/personas/p", RunningController.Json(body)), 413);
        using var chunked = new StreamContent(new MemoryStream(body));
        chunked.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Put, "/api/v1/personas/p") { Content = chunked };
        request.Headers.TransferEncodingChunked = true;
        await RunningController.ProblemAsync(await Controller.Http.SendAsync(request), 413);
    }

    [Fact]
    public async Task More_than_16384_rules_are_refused()
    {
        var rules = string.Join(',', Enumerable.Repeat("""{"port":1}""", 16_385));
        var json = $$$"""{"name":"p","network_profile":{"allowed_egress":[{{{rules}}}]}}""";
        var problem = await RunningController.ProblemAsync(
            await Controller.Http.PutAsync("/api/v1/personas/p", RunningController.Json(json)), 422);
        Assert.Equal(["/network_profile/allowed_egress TOO_MANY"], RunningController.Errors(problem));
    }

    [Fact]
    public async Task A_document_of_errors_alone_does_not_make_an_endless_answer()
    {
        var nulls = string.Join(',', Enumerable.Repeat("null", 16_000));
        var json = $$$"""{"name":"p","network_profile":{"allowed_egress":[{{{nulls}}}]}}""";
        var problem = await RunningController.ProblemAsync(
            await Controller.Http.PutAsync("/api/v1/personas/p", RunningController.Json(json)), 422);
        Assert.Equal(501, problem["errors"]!.AsArray().Count);
        Assert.Contains("15500 more", (string)problem["errors"]![500]!["message"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/", 404)]
    [InlineData("GET", "/api/v1/nothing", 404)]
    [InlineData("GET", "/api/v1/personas/none", 404)]
    [InlineData("GET", "/api/v1/personas/none/revisions", 404)]
    [InlineData("GET", "/api/v1/personas/none/revisions/1", 404)]
    [InlineData("GET", "/api/v1/personas/none/revisions/x", 404)]
    [InlineData("GET", "/api/v1/vms/none", 404)]
    [InlineData("GET", "/api/v1/vms/none/status", 404)]
    [InlineData("GET", "/api/v1/vms/none/bindings", 404)]
    [InlineData("GET", "/api/v1/vms/none/activity", 404)]
    [InlineData("GET", "/api/v1/vms/none/activations", 404)]
    [InlineData("DELETE", "/api/v1/vms/none", 404)]
    [InlineData("DELETE", "/api/v1/vms/none/activations/current", 404)]
    [InlineData("POST", "/api/v1/personas", 405)]
    [InlineData("PATCH", "/api/v1/vms/x", 405)]
    [InlineData("GET", "/api/v1/personas?limit=0", 400)]
    [InlineData("GET", "/api/v1/personas?limit=501", 400)]
    [InlineData("GET", "/api/v1/personas?limit=x", 400)]
    [InlineData("GET", "/api/v1/personas?cursor=%25", 400)]
    [InlineData("GET", "/api/v1/vms?limit=-1", 400)]
    [InlineData("GET", "/ebpf_personas.v1.AgentService/Connect", 404)]
    public async Task Every_other_failure_is_a_problem_too(string method, string path, int status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        await RunningController.ProblemAsync(await Controller.Http.SendAsync(request), status);
    }

    [Fact]
    public async Task A_name_that_is_none_is_refused_in_the_address_too() => await RunningController.ProblemAsync(
        await Controller.Http.PutAsync("/api/v1/personas/Not%20A%20Name%1B", RunningController.Json("{}")), 400);
}
