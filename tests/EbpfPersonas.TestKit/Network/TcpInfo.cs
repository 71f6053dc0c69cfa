using System.Net.Sockets;

namespace EbpfPersonas.TestKit.Network;

/// <summary>What the kernel knows of a TCP connection (include/uapi/linux/tcp.h: struct tcp_info).</summary>
public static class TcpInfo
{
    private const int SOL_TCP = 6, TCP_INFO = 11;
    private const int SegmentsIn = 140;

    /// <summary>Segments that came in, however many of them in one.</summary>
    public static ulong ReadSegmentsIn(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        Span<byte> info = stackalloc byte[SegmentsIn + sizeof(uint)];
        return socket.GetRawSocketOption(SOL_TCP, TCP_INFO, info) == info.Length
            ? BitConverter.ToUInt32(info[SegmentsIn..])
            : throw new InvalidOperationException("This kernel does not count segments that come in.");
    }
}
