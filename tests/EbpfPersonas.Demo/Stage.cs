using System.Net.Sockets;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Network;

namespace EbpfPersonas.Demo;

/// <summary>Four hosts on one bridge, a controller, an agent, and servers that accept every connection.</summary>
internal sealed class Stage : IAsyncDisposable
{
    public const string VmId = "demo-vm";
    public const string Database = "10.0.0.10";
    public const string Other = "10.0.0.11";

    private readonly Lab _lab;
    private readonly List<Socket> _sockets = [];
    private readonly TaskCompletionSource _mysqlArrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ControllerProcess? _controller;
    private AgentProcess? _agent;

    private Stage(Lab lab, LabHost vm)
    {
        _lab = lab;
        Vm = vm;
    }

    public LabHost Vm { get; }

    public ControllerClient Controller => _controller!.Api;

    public AgentProcess Agent => _agent!;

    /// <summary>Completes when the database has received its first connection that stays open.</summary>
    public Task MysqlArrived => _mysqlArrived.Task;

    public static async Task<Stage> BuildAsync()
    {
        Console.WriteLine("Building the stage: four network namespaces on one bridge");
        Console.WriteLine("  vm 10.0.0.5 (agent)   controller 10.0.0.2   database 10.0.0.10   other 10.0.0.11");
        var lab = await Lab.CreateAsync();
        var stage = new Stage(lab, await lab.AddHostAsync("vm", "10.0.0.5/24"));
        try
        {
            await stage.StartAsync();
            return stage;
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_agent is not null)
        {
            await _agent.DisposeAsync();
        }

        if (_controller is not null)
        {
            await _controller.DisposeAsync();
        }

        foreach (var socket in _sockets)
        {
            socket.Dispose();
        }

        await _lab.DisposeAsync();
    }

    private async Task StartAsync()
    {
        var control = await _lab.AddHostAsync("controller", "10.0.0.2/24");
        foreach (var (name, address) in new[] { ("db", Database), ("other", Other) })
        {
            var host = await _lab.AddHostAsync(name, address + "/24");
            foreach (var port in new[] { 3306, 8080 })
            {
                var listener = host.Listen(address, port);
                _sockets.Add(listener);
                _ = ServeAsync(listener);
            }
        }

        _controller = await ControllerProcess.StartAsync(control, "10.0.0.2");
        Console.WriteLine("  the controller speaks TLS and knows one caller: its host made an administrator's token");
        _agent = await AgentProcess.StartAsync(Vm, VmId, _controller);
        Console.WriteLine($"  {VmId} has enrolled: a token for once, a key of its own, a certificate for a day");
    }

    /// <summary>
    /// Accepts and holds connections until their clients close them: what an idle server looks like on the wire.
    /// </summary>
    private async Task ServeAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                _ = HoldAsync(await listener.AcceptAsync());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The stage is being taken down.
        }
    }

    private async Task HoldAsync(Socket connection)
    {
        using (connection)
        {
            var closed = connection.ReceiveAsync(new byte[1]);
            // The demo's own attempts close at once; the mysql client waits for the server's greeting.
            if (await Task.WhenAny(closed, Task.Delay(TimeSpan.FromMilliseconds(300))) != closed)
            {
                _mysqlArrived.TrySetResult();
            }

            try
            {
                await closed;
            }
            catch (SocketException)
            {
                // A reset is an end like any other.
            }
        }
    }
}
