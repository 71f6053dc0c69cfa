using System.Net.Sockets;
using System.Text;
using EbpfPersonas.TestKit.Agents;
using Xunit;
using Xunit.Abstractions;

namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>Those who are let in, ask for news, and do not read them.</summary>
[Collection(AbuseCollection.Name)]
public sealed class DeafClientTests(ITestOutputHelper output) : ControllerTest
{
    /// <summary>No room at all, and room for the welcome and some states.</summary>
    private static readonly int[] Windows = [0, 4096];

    /// <summary>The controller's patience, and that of a busy machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task An_agent_that_takes_no_states_is_dropped_and_holds_up_nobody()
    {
        await Controller.RestartAsync(settings => settings with { Patience = AbuseCollection.Impatient });
        await using var memory = new MemoryWatch();
        var deaf = new List<RawHttp2>();
        foreach (var window in Windows)
        {
            var vm = $"vm-deaf-{window}";
            var client = await RawHttp2.ConnectAsync(Controller.AgentsUrl, await Controller.IdentityAsync(vm), window);
            await client.OpenAsync(1, "AgentService/Connect");
            await client.SendMessageAsync(1, AgentMessages.Hello);
            await client.SendMessageAsync(1, AgentMessages.Snapshot);
            await Controller.WaitForVmAsync(vm, status => (bool)status["connected"]!);
            deaf.Add(client);
        }

        output.WriteLine(await new PushRace(Controller, "vm-good").RunAsync(
            () => Task.FromResult<IAsyncDisposable>(new Attack(PushToDeafAsync))));

        await using (new Attack(PushToDeafAsync))
        {
            await Task.WhenAll(deaf.Select(client => client.Closed)).WaitAsync(Patience);
        }

        foreach (var window in Windows)
        {
            await Controller.WaitForAsync($"vm-deaf-{window}", status => !(bool)status["connected"]!);
        }

        output.WriteLine(memory.ExpectBounded());
        foreach (var client in deaf)
        {
            await client.DisposeAsync();
        }

        async Task PushToDeafAsync(CancellationToken ended)
        {
            for (var push = 0; ; push++)
            {
                foreach (var window in Windows)
                {
                    await Controller.ActivateAsync(
                        $"vm-deaf-{window}", $$"""{"persona":"{{(push % 2 == 0 ? "red" : "green")}}"}""");
                    await Task.Delay(20, ended);
                }
            }
        }
    }

    [Fact]
    public async Task A_watcher_that_does_not_read_is_dropped_and_holds_up_nobody()
    {
        await Controller.RestartAsync(settings => settings with { Patience = AbuseCollection.Impatient });
        await using var memory = new MemoryWatch();
        await using var busy = await Controller.AgentAsync("vm-busy");
        await Controller.WaitForVmAsync("vm-busy", status => (bool)status["connected"]!);
        using var watcher = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveBufferSize = 4096,
        };
        var url = new Uri(Controller.ApiUrl);
        await watcher.ConnectAsync(url.Host, url.Port);
        await watcher.SendAsync(Encoding.ASCII.GetBytes(
            $"GET /api/v1/vms/vm-busy/activity HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n" +
            $"Authorization: {Controller.Http.DefaultRequestHeaders.Authorization}\r\n\r\n"));
        var pid = 1000u;

        output.WriteLine(await new PushRace(Controller, "vm-good").RunAsync(
            () => Task.FromResult<IAsyncDisposable>(new Attack(ActAsync))));

        await using (new Attack(ActAsync))
        {
            await DroppedAsync(watcher).WaitAsync(Patience);
        }

        output.WriteLine(memory.ExpectBounded());

        async Task ActAsync(CancellationToken ended)
        {
            var path = "/" + new string('x', 1000);
            while (true)
            {
                await busy.SendAsync(
                    snapshot: false,
                    [.. Enumerable.Range(0, 50).Select(_ => busy.Event(FakeAgent.Process(pid++ % 30_000 + 1, path)))]);
                await Task.Delay(50, ended);
            }
        }
    }

    /// <summary>Waits for the reset of a connection, without a look at what stands in it.</summary>
    private static async Task DroppedAsync(Socket socket)
    {
        while (!socket.Poll(0, SelectMode.SelectError))
        {
            await Task.Delay(100);
        }
    }
}
