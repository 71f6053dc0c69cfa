using System.Buffers.Binary;
using System.Net.Sockets;
using Google.Protobuf;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.BreakGlass;

/// <summary>
/// The socket on which root speaks to the running agent: one request and one answer for each connection, each with its
/// length in front (4 octets, little endian).
/// </summary>
internal static class ControlSocket
{
    /// <summary>
    /// The longest path that the kernel takes for a socket (sun_path), and what stands behind the folder.
    /// </summary>
    public const int DirectoryMax = 107 - 8;

    private const int MessageMax = 1 << 20;
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int PeerCredentials = 17; // SO_PEERCRED: struct ucred {pid, uid, gid}

    /// <summary>Where it is.</summary>
    public static string PathIn(string stateDirectory) => Path.Join(stateDirectory, "control");

    /// <summary>The user at the other end.</summary>
    public static uint PeerUser(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12];
        socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials);
        return BinaryPrimitives.ReadUInt32LittleEndian(credentials[4..]);
    }

    /// <summary>
    /// Asks the running agent; null where none answers within <paramref name="patience"/>. Throws
    /// <see cref="UnauthorizedAccessException"/> where only root may ask.
    /// </summary>
    public static async Task<V1.ControlAnswer?> AskAsync(
        string stateDirectory, V1.ControlRequest request, TimeSpan patience)
    {
        using var deadline = new CancellationTokenSource(patience);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(PathIn(stateDirectory)), deadline.Token);
            if (PeerUser(socket) is not 0 and var other)
            {
                throw new UnauthorizedAccessException($"{PathIn(stateDirectory)} belongs to uid {other}.");
            }

            await using var stream = new NetworkStream(socket);
            await WriteAsync(stream, request, deadline.Token);
            return await ReadAsync(stream, V1.ControlAnswer.Parser, deadline.Token);
        }
        catch (SocketException denied) when (denied.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new UnauthorizedAccessException(
                $"{PathIn(stateDirectory)}: only root may speak to the agent.", denied);
        }
        catch (Exception nobody) when (
            nobody is SocketException or IOException or OperationCanceledException or InvalidProtocolBufferException)
        {
            return null;
        }
    }

    /// <summary>Writes one message.</summary>
    public static async Task WriteAsync(Stream to, IMessage message, CancellationToken cancellation)
    {
        var octets = new byte[4 + message.CalculateSize()];
        BinaryPrimitives.WriteInt32LittleEndian(octets, octets.Length - 4);
        message.WriteTo(octets.AsSpan(4));
        await to.WriteAsync(octets, cancellation);
    }

    /// <summary>Reads one message; throws <see cref="IOException"/> where it does not come whole.</summary>
    public static async Task<T> ReadAsync<T>(Stream from, MessageParser<T> parser, CancellationToken cancellation)
        where T : IMessage<T>
    {
        var head = new byte[4];
        await from.ReadExactlyAsync(head, cancellation);
        var length = BinaryPrimitives.ReadInt32LittleEndian(head);
        if (length is < 0 or > MessageMax)
        {
            throw new IOException($"A message of {length} octets.");
        }

        var octets = new byte[length];
        await from.ReadExactlyAsync(octets, cancellation);
        return parser.ParseFrom(octets);
    }
}
