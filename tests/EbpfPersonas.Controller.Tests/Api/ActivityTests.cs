using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Api;

public sealed class ActivityTests : ControllerTest
{
    [Fact]
    public async Task Activity_is_listed_newest_first()
    {
        await using var agent = await Controller.AgentAsync("vm-1");
        await agent.ExecAsync(42, "/usr/bin/mysql", "/usr/bin/mariadb");
        await agent.ExitAsync(42);

        JsonNode activity;
        do
        {
            activity = await Controller.GetAsync("/api/v1/vms/vm-1/activity");
        }
        while (activity["items"]!.AsArray().Count < 3);

        Assert.Equal(
            ["process_exited", "process_started", "snapshot"],
            activity["items"]!.AsArray().Select(item => (string)item!["kind"]!));
        Assert.Equal("/usr/bin/mysql", (string?)activity["items"]![0]!["path"]);
        Assert.Equal(0, (int)activity["processes"]!);
        var page = await Controller.GetAsync("/api/v1/vms/vm-1/activity?limit=2");
        var rest = await Controller.GetAsync($"/api/v1/vms/vm-1/activity?limit=2&cursor={page["next_cursor"]}");
        Assert.Equal("snapshot", (string?)Assert.Single(rest["items"]!.AsArray())!["kind"]);
    }

    [Fact]
    public async Task Activity_is_live_as_server_sent_events_and_resumes_by_id()
    {
        await using var agent = await Controller.AgentAsync("vm-1");
        await agent.ExecAsync(1, "/bin/before");
        while ((await Controller.GetAsync("/api/v1/vms/vm-1/activity"))["items"]!.AsArray().Count < 2)
        {
        }

        using var live = await OpenAsync(lastEventId: null);
        await agent.ExecAsync(42, "/usr/bin/\u001bmysql");
        var first = await ReadEventAsync(live.Reader);
        Assert.Equal(("3", "process_started"), (first.Id, first.Kind));
        Assert.Contains("\\u001Bmysql", first.Data, StringComparison.OrdinalIgnoreCase);

        using var resumed = await OpenAsync(lastEventId: "1");
        Assert.Equal("2", (await ReadEventAsync(resumed.Reader)).Id);
        Assert.Equal("3", (await ReadEventAsync(resumed.Reader)).Id);
    }

    private async Task<LiveStream> OpenAsync(string? lastEventId)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/vms/vm-1/activity");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var answer = await Controller.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        Assert.StartsWith(":", await reader.ReadLineAsync(), StringComparison.Ordinal);
        return new LiveStream(answer, reader);
    }

    private static async Task<(string Id, string Kind, string Data)> ReadEventAsync(StreamReader reader)
    {
        var (id, kind, data) = ("", "", "");
        while (await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)) is { } line)
        {
            if (line.Length == 0 && data.Length > 0)
            {
                return (id, kind, data);
            }

            id = line.StartsWith("id: ", StringComparison.Ordinal) ? line[4..] : id;
            kind = line.StartsWith("event: ", StringComparison.Ordinal) ? line[7..] : kind;
            data = line.StartsWith("data: ", StringComparison.Ordinal) ? line[6..] : data;
        }

        throw new EndOfStreamException();
    }

    private sealed record LiveStream(HttpResponseMessage Answer, StreamReader Reader) : IDisposable
    {
        public void Dispose()
        {
            Reader.Dispose();
            Answer.Dispose();
        }
    }
}
