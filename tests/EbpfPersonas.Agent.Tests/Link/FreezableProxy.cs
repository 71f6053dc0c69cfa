using System.Net;
using System.Net.Sockets;

namespace EbpfPersonas.Agent.Tests.Link;

/// <summary>
/// A TCP proxy on loopback that can stop passing anything on while its connections stay open, as a peer does whose
/// cable was cut.
/// </summary>
internal sealed class FreezableProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _accepting;
    private volatile bool _refuses;
    private volatile TaskCompletionSource _flowing = Flowing();

    public FreezableProxy(int port)
    {
        _listener.Start();
        _accepting = AcceptAsync(port);
    }

    public Uri Address => new($"https://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public void Freeze() => _flowing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Closes new connections at once; those that are open go on.</summary>
    public void RefuseNew() => _refuses = true;

    public void Thaw() => _flowing.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _accepting.ContinueWith(static _ => { }, TaskScheduler.Default);
        _ending.Dispose();
    }

    private static TaskCompletionSource Flowing()
    {
        var flowing = new TaskCompletionSource();
        flowing.SetResult();
        return flowing;
    }

    private async Task AcceptAsync(int port)
    {
        while (true)
        {
            var client = await _listener.AcceptTcpClientAsync(_ending.Token);
            if (_refuses)
            {
                client.Dispose();
                continue;
            }

            _ = ConnectAsync(client, port);
        }
    }

    private async Task ConnectAsync(TcpClient client, int port)
    {
        using var server = new TcpClient();
        using (client)
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, port, _ending.Token);
                await Task.WhenAny(
                    CopyAsync(client.GetStream(), server.GetStream()),
                    CopyAsync(server.GetStream(), client.GetStream()));
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // One of the two is gone, and so goes the other.
            }
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[16 * 1024];
        for (int read; (read = await from.ReadAsync(buffer, _ending.Token)) > 0;)
        {
            await _flowing.Task.WaitAsync(_ending.Token);
            await to.WriteAsync(buffer.AsMemory(0, read), _ending.Token);
        }
    }
}
