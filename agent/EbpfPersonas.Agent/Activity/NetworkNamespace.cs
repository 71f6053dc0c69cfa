using System.Buffers.Binary;
using System.Net.Sockets;

namespace EbpfPersonas.Agent.Activity;

/// <summary>The network namespace that this process is in: the one that the agent governs.</summary>
internal static class NetworkNamespace
{
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int CookieOption = 71; // SO_NETNS_COOKIE, Linux 5.14

    /// <summary>
    /// The kernel's <c>net->net_cookie</c>, which is never reused while the machine runs; throws
    /// <see cref="SocketException"/>.
    /// </summary>
    public static ulong ReadCookie()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        return ReadCookie(socket);
    }

    /// <summary>The cookie of the namespace that <paramref name="socket"/> was made in.</summary>
    public static ulong ReadCookie(Socket socket)
    {
        Span<byte> cookie = stackalloc byte[sizeof(ulong)];
        socket.GetRawSocketOption(SocketLevel, CookieOption, cookie);
        return BinaryPrimitives.ReadUInt64LittleEndian(cookie);
    }
}
