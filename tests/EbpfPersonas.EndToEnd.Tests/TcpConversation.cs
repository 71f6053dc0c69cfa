using System.Net.Sockets;
using System.Runtime.InteropServices;
using EbpfPersonas.TestKit.Network;

namespace EbpfPersonas.EndToEnd.Tests;

/// <summary>One open TCP connection between two hosts, with what TCP itself knows of it at either end.</summary>
internal sealed class TcpConversation : IDisposable
{
    private const int TcpInfoOption = 11; // include/uapi/linux/tcp.h: TCP_INFO
    private const int TotalRetransOffset = 100; // struct tcp_info: 8 octets, then 23 words before tcpi_total_retrans

    private TcpConversation(Socket client, Socket server) => (Client, Server) = (client, server);

    public Socket Client { get; }

    public Socket Server { get; }

    public static async Task<TcpConversation> OpenAsync(LabHost from, LabHost to, string address, int port)
    {
        using var listener = to.Listen(address, port);
        var client = await from.ConnectAsync(address, port, TimeSpan.FromSeconds(10));
        return new TcpConversation(client, await listener.AcceptAsync());
    }

    /// <summary>Segments that this end had to send again, of all since the connection began.</summary>
    public static uint TotalRetransmissions(Socket socket)
    {
        Span<byte> info = stackalloc byte[256];
        var size = socket.GetRawSocketOption((int)ProtocolType.Tcp, TcpInfoOption, info);
        return MemoryMarshal.Read<uint>(info[..size][TotalRetransOffset..]);
    }

    /// <summary>Sends one octet and waits for it at the other end; false where it does not arrive in time.</summary>
    public static async Task<bool> CarriesAsync(Socket from, Socket to, TimeSpan patience)
    {
        await from.SendAsync(new byte[1]);
        using var deadline = new CancellationTokenSource(patience);
        try
        {
            return await to.ReceiveAsync(new byte[1], deadline.Token) == 1;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        // Without lingering: a connection that the filter has cut would go on repeating its FIN.
        Client.LingerState = new LingerOption(true, 0);
        Server.LingerState = new LingerOption(true, 0);
        Client.Dispose();
        Server.Dispose();
    }
}
