using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using EbpfPersonas.Agent.Settings;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Prometheus;

namespace EbpfPersonas.Agent.Metrics;

/// <summary>
/// Serves <see cref="AgentMetrics"/> at /metrics: GET over HTTP/1.1 (RFC 9112), one request for each connection,
/// whatever the Host field says. HttpListener would answer only to the name that it listens on.
/// </summary>
internal sealed class MetricsEndpoint(
    AgentSettings settings, AgentMetrics metrics, TimeProvider time, ILogger<MetricsEndpoint> log) : BackgroundService
{
    private const int RequestMax = 8 * 1024;
    private const int AtOnceMax = 4;

    /// <summary>IPPROTO_IP and IP_FREEBIND of include/uapi/linux/in.h.</summary>
    private const int IpProtocol = 0;
    private const int IpFreeBind = 15;

    /// <summary>For a whole request: who takes longer is cut off.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    private readonly SemaphoreSlim _room = new(AtOnceMax);
    private Socket? _listener;
    private MetricsTls? _tls;

    /// <summary>
    /// A socket at <paramref name="address"/>; throws <see cref="IOException"/> where the address cannot be had.
    /// <paramref name="isAwaited"/>: it need not be there yet (IP_FREEBIND, ip(7)), as the agent starts before the
    /// network does.
    /// </summary>
    public static Socket Bind(IPEndPoint address, bool isAwaited = false)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // A restarted agent finds connections of the old one in TIME_WAIT.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            if (isAwaited)
            {
                // IPv6 sockets honour the option of IPv4 (ipv6_can_nonlocal_bind() of include/net/ipv6.h).
                socket.SetRawSocketOption(IpProtocol, IpFreeBind, BitConverter.GetBytes(1));
            }

            socket.Bind(address);
            return socket;
        }
        catch (SocketException failure)
        {
            socket.Dispose();
            throw new IOException($"metrics_listen: {address}: {failure.Message}.", failure);
        }
    }

    /// <summary>
    /// Listens; throws <see cref="IOException"/> where the address cannot be had, or the certificates not be used.
    /// </summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _tls = settings.MetricsTls is { } files ? new MetricsTls(files, time, log) : null;
        _listener = BindOrAwait();
        _listener.Listen();
        Log.MetricsListening(log, _tls is null ? "http" : "https", settings.MetricsListen);
        return base.StartAsync(cancellationToken);
    }

    private Socket BindOrAwait()
    {
        try
        {
            return Bind(settings.MetricsListen);
        }
        catch (IOException failure) when (failure.InnerException is SocketException
        {
            SocketErrorCode: SocketError.AddressNotAvailable,
        })
        {
            Log.MetricsAddressAwaited(log, settings.MetricsListen);
            return Bind(settings.MetricsListen, isAwaited: true);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _listener?.Dispose();
        _room.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await _room.WaitAsync(stoppingToken);
            try
            {
                _ = AnswerAsync(await _listener!.AcceptAsync(stoppingToken), stoppingToken);
            }
            catch (SocketException)
            {
                // The client went away before it was accepted, or there are no descriptors left: then the next attempt
                // fails as fast.
                _room.Release();
                await Task.Delay(AcceptPause, stoppingToken);
            }
        }
    }

    private async Task AnswerAsync(Socket client, CancellationToken stopping)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        patience.CancelAfter(Patience);
        try
        {
            await using var stream = await OpenAsync(client, patience.Token);
            var line = await ReadRequestLineAsync(stream, patience.Token);
            await WriteAnswerAsync(stream, line, patience.Token);
        }
        catch (Exception failure) when (failure is IOException or SocketException or OperationCanceledException
            or AuthenticationException)
        {
            // The client is gone, was too slow, or has no certificate that counts.
        }
#pragma warning disable CA1031 // A scrape that fails must not end the agent.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.ScrapeFaulted(log, fault);
        }
        finally
        {
            _room.Release();
        }
    }

    private async Task<Stream> OpenAsync(Socket client, CancellationToken cancellation)
    {
        var plain = new NetworkStream(client, ownsSocket: true);
        if (_tls is null)
        {
            return plain;
        }

        var stream = new SslStream(plain, leaveInnerStreamOpen: false);
        try
        {
            await stream.AuthenticateAsServerAsync(_tls.Options, cancellation);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// The first line of a request whose head has arrived; empty where the head is too long or cut off.
    /// </summary>
    private static async Task<string> ReadRequestLineAsync(Stream stream, CancellationToken cancellation)
    {
        var head = new byte[RequestMax];
        for (var length = 0; length < head.Length;)
        {
            var read = await stream.ReadAsync(head.AsMemory(length), cancellation);
            length += read;
            var text = Encoding.ASCII.GetString(head, 0, length);
            if (text.Contains("\r\n\r\n", StringComparison.Ordinal))
            {
                return text[..text.IndexOf("\r\n", StringComparison.Ordinal)];
            }

            if (read == 0)
            {
                break;
            }
        }

        return string.Empty;
    }

    private async Task WriteAnswerAsync(Stream stream, string requestLine, CancellationToken cancellation)
    {
        using var body = new MemoryStream();
        var words = requestLine.Split(' ');
        var status = words switch
        {
            ["GET", var target, _] when target.Split('?')[0] == "/metrics" => "200 OK",
            ["GET", _, _] => "404 Not Found",
            [_, _, _] => "405 Method Not Allowed",
            _ => "400 Bad Request",
        };
        if (status == "200 OK")
        {
            await metrics.ExportAsync(body, cancellation);
        }

        var head = $"HTTP/1.1 {status}\r\nContent-Type: {PrometheusConstants.TextContentType}\r\n" +
            $"Content-Length: {body.Length}\r\nConnection: close\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), cancellation);
        await stream.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), cancellation);
        if (stream is SslStream tls)
        {
            // Otherwise the client cannot tell the end from a cut (RFC 8446 section 6.1).
            await tls.ShutdownAsync();
        }
    }
}
