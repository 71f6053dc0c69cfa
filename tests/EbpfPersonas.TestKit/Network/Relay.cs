using System.Net;
using System.Net.Sockets;

namespace EbpfPersonas.TestKit.Network;

/// <summary>
/// What a tunnel or a proxy in a VM is: listens on the VM's loopback, and for each connection opens another to a host
/// outside. The rules in force judge that one; the agent, whose way passes by its failsafe, sees only the relay.
/// </summary>
public sealed class Relay : IAsyncDisposable
{
    private readonly LabHost _host;
    private readonly IPEndPoint _target;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _accepting;

    public Relay(LabHost host, int port, string target, int targetPort)
    {
        ArgumentNullException.ThrowIfNull(host);
        _host = host;
        _target = new IPEndPoint(IPAddress.Parse(target), targetPort);
        _listener = host.Listen("127.0.0.1", port);
        Url = $"https://127.0.0.1:{port}";
        _accepting = AcceptAsync();
    }

    /// <summary>The controller, as the agent is told.</summary>
    public string Url { get; }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _accepting.ContinueWith(static _ => { }, TaskScheduler.Default);
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptAsync(_ending.Token);
            _ = PassOnAsync(client, _ending.Token);
        }
    }

    private async Task PassOnAsync(Socket client, CancellationToken ending)
    {
        using (client)
        {
            using var server = _host.OpenSocket(
                AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                client.NoDelay = server.NoDelay = true;
                // A connection that the client gave up is not tried any longer.
                using var gone = CancellationTokenSource.CreateLinkedTokenSource(ending);
                var connecting = server.ConnectAsync(_target, gone.Token).AsTask();
                using var fromClient = new NetworkStream(client);
                var first = new byte[16 * 1024];
                var reading = fromClient.ReadAsync(first, gone.Token).AsTask();
                while (!connecting.IsCompleted)
                {
                    await Task.WhenAny(connecting, Task.Delay(50, ending));
                    if (!connecting.IsCompleted && reading.IsCompleted && await reading == 0)
                    {
                        await gone.CancelAsync();
                        return;
                    }
                }

                await connecting;
                using var fromServer = new NetworkStream(server);
                await fromServer.WriteAsync(first.AsMemory(0, await reading), ending);
                await Task.WhenAny(
                    fromClient.CopyToAsync(fromServer, ending), fromServer.CopyToAsync(fromClient, ending));
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // One of the two is gone, and so goes the other.
            }
        }
    }
}
