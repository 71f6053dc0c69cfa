using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace EbpfPersonas.Agent.Tests.Identity;

/// <summary>
/// Somebody who answers at the controller's address: does the handshake with whatever certificates it is given, and
/// counts what it is told after that.
/// </summary>
internal sealed class FakeImpostor : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _accepting;
    private int _callers;
    private int _clients;
    private long _octets;

    public FakeImpostor(SslServerAuthenticationOptions options)
    {
        options.ApplicationProtocols = [SslApplicationProtocol.Http2];
        _listener.Start();
        _accepting = AcceptAsync(options);
    }

    public Uri Address => new($"https://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>Connections that are over.</summary>
    public int Callers => Volatile.Read(ref _callers);

    /// <summary>Handshakes in which the agent said who it is.</summary>
    public int Clients => Volatile.Read(ref _clients);

    /// <summary>Application data, decrypted.</summary>
    public long Octets => Interlocked.Read(ref _octets);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _accepting.ContinueWith(static _ => { }, TaskScheduler.Default);
        _ending.Dispose();
    }

    private async Task AcceptAsync(SslServerAuthenticationOptions options)
    {
        while (true)
        {
            _ = ListenAsync(await _listener.AcceptTcpClientAsync(_ending.Token), options);
        }
    }

    private async Task ListenAsync(TcpClient client, SslServerAuthenticationOptions options)
    {
        try
        {
            await using var stream = new SslStream(client.GetStream(), leaveInnerStreamOpen: false);
            await stream.AuthenticateAsServerAsync(options, _ending.Token);
            if (stream.RemoteCertificate is not null)
            {
                Interlocked.Increment(ref _clients);
            }

            var buffer = new byte[4096];
            for (int read; (read = await stream.ReadAsync(buffer, _ending.Token)) > 0;)
            {
                Interlocked.Add(ref _octets, read);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException
            or OperationCanceledException)
        {
            // The agent hung up.
        }
        finally
        {
            client.Dispose();
            Interlocked.Increment(ref _callers);
        }
    }
}
