using EbpfPersonas.Controller.Identity;
using EbpfPersonas.TestKit.Agents;
using EbpfPersonas.TestKit.Deployment;
using Xunit;
using Xunit.Abstractions;

namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>Strangers, who hold connections or open many, beside an agent that is served as ever.</summary>
[Collection(AbuseCollection.Name)]
public sealed class FloodTests(ITestOutputHelper output) : ControllerTest
{
    private const int Idle = 2000;
    private const int Resets = 2000;

    private FakeIdentity Stranger => new(null, Controller.Get<CertificateAuthority>().Current.Certificates);

    [Fact]
    public async Task Handshakes_that_do_not_go_on_hold_up_nobody()
    {
        await using var memory = new MemoryWatch();

        output.WriteLine(await new PushRace(Controller, "vm-good").RunAsync(
            async () => await IdleClients.ConnectAsync(Controller.AgentsUrl, Idle)));

        await using var idle = await IdleClients.ConnectAsync(Controller.AgentsUrl, Idle);
        await idle.EndedAsync().WaitAsync(TimeSpan.FromSeconds(20));
        output.WriteLine(memory.ExpectBounded());
    }

    [Fact]
    public async Task Calls_that_are_reset_at_once_hold_up_nobody()
    {
        await using var memory = new MemoryWatch();
        var (calls, connections) = (0, 0);

        output.WriteLine(await new PushRace(Controller, "vm-good").RunAsync(
            () => Task.FromResult<IAsyncDisposable>(new Attack(ResetAsync))));

        // A race may be over soon.
        await using (new Attack(ResetAsync))
        {
            await Eventually.TrueAsync(
                () => Task.FromResult(Volatile.Read(ref calls) >= Resets), TimeSpan.FromSeconds(60),
                () => $"{Resets} calls; {calls} were made");
        }

        output.WriteLine($"{calls} calls over {connections} connections, each of which was ended");
        output.WriteLine(memory.ExpectBounded());

        async Task ResetAsync(CancellationToken ended)
        {
            while (!ended.IsCancellationRequested)
            {
                await using var client = await RawHttp2.ConnectAsync(Controller.AgentsUrl, Stranger, 65_535);
                connections++;
                try
                {
                    for (var stream = 1; stream < 20_000 && !client.Closed.IsCompleted; stream += 2, calls++)
                    {
                        await client.OpenAndResetAsync(stream, "AgentService/Connect");
                    }
                }
                catch (IOException)
                {
                    // The controller has had enough of it.
                }

                await client.Closed.WaitAsync(TimeSpan.FromSeconds(20), CancellationToken.None);
                // The handshakes of the attack take place in this process too.
                await Task.Delay(100, ended);
            }
        }
    }

    [Fact]
    public async Task Who_sends_an_octet_a_second_is_dropped()
    {
        await Controller.RestartAsync(settings => settings with { Patience = AbuseCollection.Impatient });
        await using var memory = new MemoryWatch();
        var token = Controller.Http.DefaultRequestHeaders.Authorization!;
        var head = $"POST /api/v1/personas/validate HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
            + "Content-Type: application/json\r\n";
        var second = TimeSpan.FromSeconds(1);
        var patience = TimeSpan.FromSeconds(60);
        var headers = All(() => SlowClient.RunAsync(Controller.ApiUrl, "GET /healthz HTTP/1.1\r\nX: ", "a", second));
        var bodies = All(() => SlowClient.RunAsync(
            Controller.ApiUrl, $"{head}Content-Length: 1000\r\n\r\n", " ", second));
        var chunks = All(() => SlowClient.RunAsync(
            Controller.ApiUrl, $"{head}Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n", second));
        // Fast enough for the rate that is demanded, and never done.
        var endless = All(() => SlowClient.RunAsync(
            Controller.ApiUrl, $"{head}Transfer-Encoding: chunked\r\n\r\n", "96\r\n" + new string(' ', 150) + "\r\n",
            second / 10));
        // Without end, and not slow at all.
        var large = All(() => SlowClient.RunAsync(
            Controller.ApiUrl, $"{head}Transfer-Encoding: chunked\r\n\r\n",
            "8000\r\n" + new string(' ', 0x8000) + "\r\n", second / 100));
        var enrolments = Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            await using var client = await RawHttp2.ConnectAsync(Controller.AgentsUrl, Stranger, 65_535);
            await client.OpenAsync(1, "EnrolmentService/Enrol");
            await client.Closed.WaitAsync(patience);
        }));

        output.WriteLine(await new PushRace(Controller, "vm-good").RunAsync(() => Task.FromResult<IAsyncDisposable>(
            new Attack(ended => Task.WhenAll(Enumerable.Range(0, 100).Select(_ => SlowClient.RunAsync(
                Controller.ApiUrl, head, "a", second).WaitAsync(ended)))))));

        Expect(await headers.WaitAsync(patience), "408", TimeSpan.FromSeconds(20));
        Expect(await bodies.WaitAsync(patience), "408", TimeSpan.FromSeconds(20));
        Expect(await chunks.WaitAsync(patience), "408", TimeSpan.FromSeconds(20));
        Expect(await endless.WaitAsync(patience), "408", TimeSpan.FromSeconds(40));
        Expect(await large.WaitAsync(patience), "413", TimeSpan.FromSeconds(40));
        await enrolments;
        output.WriteLine(memory.ExpectBounded());

        static Task<(string Answer, TimeSpan Took)[]> All(Func<Task<(string Answer, TimeSpan Took)>> run) =>
            Task.WhenAll(Enumerable.Range(0, 10).Select(_ => run()));

        static void Expect((string Answer, TimeSpan Took)[] ends, string status, TimeSpan within) =>
            Assert.All(ends, end =>
            {
                Assert.StartsWith($"HTTP/1.1 {status} ", end.Answer, StringComparison.Ordinal);
                Assert.InRange(end.Took, TimeSpan.Zero, within);
            });
    }
}
