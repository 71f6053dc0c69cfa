using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using EbpfPersonas.Controller.Access;
using EbpfPersonas.Controller.Tests.Identity;
using EbpfPersonas.TestKit.Agents;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Access;

public sealed class TokenTests : ControllerTest
{
    private const string Path = "/api/v1/tokens";

    [Fact]
    public async Task A_token_is_shown_once_and_only_its_hash_is_kept()
    {
        var made = await MakeAsync("""{"name":"ci","role":"operator","ttl":"90d"}""");
        var token = (string)made["token"]!;
        Assert.Equal(("ci", "operator"), ((string?)made["name"], (string?)made["role"]));
        Assert.Equal(
            90, ((DateTimeOffset)made["expires_at"]! - (DateTimeOffset)made["created_at"]!).TotalDays, precision: 3);

        Assert.Equal(HttpStatusCode.OK, await AskAsync(token));
        var listed = (await Controller.GetAsync(Path))["items"]!.AsArray()
            .Single(item => (string?)item!["id"] == (string?)made["id"])!;
        Assert.Null(listed["token"]);
        Assert.NotNull(listed["last_used_at"]);
        await Controller.StopAsync();
        var secret = token[^64..];
        foreach (var file in Directory.GetFiles(System.IO.Path.GetDirectoryName(Controller.StoreFile)!))
        {
            var octets = await File.ReadAllBytesAsync(file);
            Assert.Equal(-1, octets.AsSpan().IndexOf(Encoding.ASCII.GetBytes(secret)));
            Assert.Equal(-1, octets.AsSpan().IndexOf(Convert.FromHexString(secret)));
        }

        await Controller.StartAgainAsync();
        Assert.Equal(HttpStatusCode.OK, await AskAsync(token));
    }

    [Fact]
    public async Task A_deleted_token_is_useless_at_once()
    {
        var made = await MakeAsync("""{"name":"ci","role":"viewer"}""");
        Assert.Equal(HttpStatusCode.OK, await AskAsync((string)made["token"]!));

        using var deleted = await Controller.Http.DeleteAsync($"{Path}/{made["id"]}");

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync((string)made["token"]!));
        using var again = await Controller.Http.DeleteAsync($"{Path}/{made["id"]}");
        await RunningController.ProblemAsync(again, 404);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_hears_nothing_more_fifteen_seconds_after_its_token_is_deleted(bool isDeleted)
    {
        var time = new FakeTime();
        await Controller.StopAsync();
        Controller.Time = time;
        await Controller.StartAgainAsync();
        await using var agent = await Controller.AgentAsync("vm-1");
        await Controller.WaitForVmAsync("vm-1", status => (bool)status["connected"]!);
        var made = await MakeAsync("""{"name":"ci","role":"viewer"}""");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/vms/vm-1/activity");
        request.Headers.Authorization = new("Bearer", (string)made["token"]!);
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var stream = await Controller.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync());
        // The first line and the empty one behind it: from here on the stream has news.
        await reader.ReadLineAsync();
        await reader.ReadLineAsync();
        if (isDeleted)
        {
            using var deleted = await Controller.Http.DeleteAsync($"{Path}/{made["id"]}");
        }

        time.Advance(TimeSpan.FromSeconds(15));
        await agent.SendAsync(snapshot: false, agent.Event(FakeAgent.Process(7, "/usr/sbin/mysqld")));

        var heard = await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(isDeleted, heard is null);
    }

    [Fact]
    public async Task A_token_is_good_until_its_time_is_over()
    {
        var time = new FakeTime();
        await Controller.StopAsync();
        Controller.Time = time;
        await Controller.StartAgainAsync();
        var token = await Controller.TokenAsync(Role.Viewer, ttl: TimeSpan.FromHours(1));

        time.Advance(TimeSpan.FromHours(1) - TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(token));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(token));
    }

    [Fact]
    public async Task What_is_no_token_lets_nobody_in()
    {
        var good = await Controller.TokenAsync(Role.Viewer);
        string[] bad =
        [
            good[..^1], good + "0", good.ToUpperInvariant(), good[..^1] + (good[^1] == '0' ? '1' : '0'),
            string.Concat("ebpfp_api_", new string('0', 16), good.AsSpan(26)), "ebpfp_api_", "x", good + " " + good,
        ];
        foreach (var token in bad)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(token));
        }

        Assert.Equal(HttpStatusCode.OK, await AskAsync(good));
    }

    [Fact]
    public async Task A_browser_may_send_it_as_a_password_where_nothing_is_changed()
    {
        using var browser = new HttpClient { BaseAddress = new Uri(Controller.ApiUrl) };
        using var asked = await browser.GetAsync("/reference");
        Assert.StartsWith("Basic", asked.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);

        var token = await Controller.TokenAsync(Role.Admin);
        browser.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("anybody:" + token)));

        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/reference")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/openapi/v1.json")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync("/api/v1/vms")).StatusCode);
        using var write = await browser.PutAsync(
            "/api/v1/personas/db", RunningController.Json(RunningController.Persona));
        Assert.Equal(HttpStatusCode.Unauthorized, write.StatusCode);
    }

    [Theory]
    [InlineData("""{"name":"ci"}""", "/role REQUIRED")]
    [InlineData("""{"name":"ci","role":"Admin"}""", "/role UNKNOWN_WORD")]
    [InlineData("""{"name":"ci","role":"admin, viewer"}""", "/role UNKNOWN_WORD")]
    [InlineData("""{"name":"ci","role":3}""", "/role WRONG_TYPE")]
    [InlineData("""{"name":"C I","role":"admin"}""", "/name BAD_NAME")]
    [InlineData("""{"name":"ci","role":"admin","ttl":"0s"}""", "/ttl OUT_OF_RANGE")]
    [InlineData("""{"name":"ci","role":"admin","tenant":"other"}""", "/tenant UNKNOWN_FIELD")]
    public async Task A_wrong_request_names_the_field(string body, string error)
    {
        using var answer = await Controller.Http.PostAsync(Path, RunningController.Json(body));

        Assert.Equal([error], RunningController.Errors(await RunningController.ProblemAsync(answer, 422)));
    }

    private async Task<JsonNode> MakeAsync(string body)
    {
        using var answer = await Controller.Http.PostAsync(Path, RunningController.Json(body));
        Assert.True(answer.Headers.CacheControl?.NoStore);
        return await RunningController.SuccessAsync(answer);
    }

    private async Task<HttpStatusCode> AskAsync(string token)
    {
        using var http = new HttpClient { BaseAddress = new Uri(Controller.ApiUrl) };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/vms");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        return (await http.SendAsync(request)).StatusCode;
    }
}
