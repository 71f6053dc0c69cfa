using System.Net;
using System.Net.Sockets;
using Grpc.Net.Client;

namespace EbpfPersonas.Agent.Link;

/// <summary>
/// Makes the gRPC channel of one stream: to the addresses that the failsafe lets through, and to no other.
/// </summary>
internal static class ControllerChannel
{
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(5);

    /// <summary>A dead peer is noticed after a silent interval plus a ping without answer.</summary>
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(5);

    /// <summary>
    /// HTTP/2 over TLS for https, with prior knowledge (RFC 9113 section 3.3) for http. Nothing is connected yet.
    /// </summary>
    public static GrpcChannel Create(Uri controller, IReadOnlyList<IPAddress> addresses)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
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
