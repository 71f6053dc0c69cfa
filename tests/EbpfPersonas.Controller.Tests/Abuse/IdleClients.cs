using System.Net.Sockets;

namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>Connections that say nothing, or half of a ClientHello, and wait.</summary>
internal sealed class IdleClients : IAsyncDisposable
{
    // A record of a handshake of 512 octets (RFC 8446 section 5.1) that begins with a ClientHello, and 6 of them.
    private static readonly byte[] HalfHello = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03];

    private readonly List<Socket> _sockets = [];

    /// <summary>Connects so many to a port of loopback.</summary>
    public static async Task<IdleClients> ConnectAsync(string address, int count)
    {
        var (clients, url) = (new IdleClients(), new Uri(address));
        for (var client = 0; client < count; client++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            clients._sockets.Add(socket);
            await socket.ConnectAsync(url.Host, url.Port);
            if (client % 2 == 0)
            {
                await socket.SendAsync(HalfHello);
            }
        }

        return clients;
    }

    /// <summary>Waits until the other side has ended them all.</summary>
    public Task EndedAsync() => Task.WhenAll(_sockets.Select(async socket =>
    {
        try
        {
            // An alert may come before the end.
            while (await socket.ReceiveAsync(new byte[64]) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Reset is ended as well.
        }
    }));

    public ValueTask DisposeAsync()
    {
        _sockets.ForEach(socket => socket.Dispose());
        return ValueTask.CompletedTask;
    }
}
