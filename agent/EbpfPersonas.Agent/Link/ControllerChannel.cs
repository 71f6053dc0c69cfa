using System.Net;
using System.Net.Sockets;
using EbpfPersonas.Agent.Identity;
using Grpc.Net.Client;

namespace EbpfPersonas.Agent.Link;

/// <summary>
/// Makes the gRPC channel of one stream: HTTP/2 over TLS, to the addresses that the failsafe lets through, and to no
/// other.
/// </summary>
internal static class ControllerChannel
{
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan HandshakePatience = TimeSpan.FromSeconds(10);

    /// <summary>A dead peer is noticed after a silent interval plus a ping without answer.</summary>
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(5);

    /// <summary>Nothing is connected yet; <paramref name="trust"/> judges who answers.</summary>
    public static GrpcChannel Create(Uri controller, IReadOnlyList<IPAddress> addresses, ControllerTrust trust)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = trust.Options,
            // Of all addresses together, and of a handshake that does not end.
            ConnectTimeout = (ConnectPatience * addresses.Count) + HandshakePatience,
            ConnectCallback = (context, cancellation) =>
                ConnectAsync(addresses, context.DnsEndPoint.Port, cancellation),
            KeepAlivePingDelay = PingInterval,
            KeepAlivePingTimeout = PingInterval,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
        };
        return GrpcChannel.ForAddress(controller, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            // A persona with 100,000 rules is about 8 MB on the wire.
            MaxReceiveMessageSize = 64 * 1024 * 1024,
        });
    }

    private static async ValueTask<Stream> ConnectAsync(
        IReadOnlyList<IPAddress> addresses, int port, CancellationToken cancellation)
    {
        SocketException? failure = null;
        foreach (var address in addresses)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(ConnectPatience);
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, port), patience.Token);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (Exception e) when (e is SocketException
                or OperationCanceledException && !cancellation.IsCancellationRequested)
            {
                socket.Dispose();
                failure = e as SocketException ?? new SocketException((int)SocketError.TimedOut);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw failure ?? new SocketException((int)SocketError.HostNotFound);
    }
}
