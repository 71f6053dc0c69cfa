using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace EbpfPersonas.Bpf;

/// <summary>
/// Asks rtnetlink(7) one question at a time and waits for the whole answer. It stays in the network namespace in which
/// it was opened. Not for several threads at once.
/// </summary>
public sealed unsafe class RouteSocket : IDisposable
{
    private const int HeaderLength = 16;
    private const int NetlinkRoute = 0;
    private const ushort MessageError = 2;
    private const ushort MessageDone = 3;
    private const ushort FlagRequest = 0x1;
    private const ushort FlagMulti = 0x2;
    private const ushort FlagDump = 0x300;

    private readonly SafeFileHandle _socket;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private uint _sequence;

    /// <summary>Opens it; throws <see cref="BpfException"/>.</summary>
    public RouteSocket()
    {
        var descriptor = LibC.socket(LibC.AF_NETLINK, LibC.SOCK_RAW | LibC.SOCK_CLOEXEC, NetlinkRoute);
        _socket = descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new BpfException("open rtnetlink", LibC.errno);
    }

    /// <summary>Takes the type and what follows the header of one message.</summary>
    public delegate void MessageReader(ushort type, ReadOnlySpan<byte> body);

    /// <summary>
    /// Sends a request of <paramref name="type"/>; <paramref name="dump"/> asks for a list instead of one thing. Throws
    /// <see cref="BpfException"/> with the errno that the kernel answers.
    /// </summary>
    public void Ask(ushort type, bool dump, ReadOnlySpan<byte> body, MessageReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);

        // struct nlmsghdr { length, type, flags, sequence, pid }
        Span<byte> request = stackalloc byte[HeaderLength + body.Length];
        request.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(request, request.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(request[4..], type);
        BinaryPrimitives.WriteUInt16LittleEndian(request[6..], (ushort)(FlagRequest | (dump ? FlagDump : 0)));
        BinaryPrimitives.WriteUInt32LittleEndian(request[8..], ++_sequence);
        body.CopyTo(request[HeaderLength..]);
        fixed (byte* bytes = request)
        {
            Check((int)LibC.send((int)_socket.DangerousGetHandle(), bytes, (size_t)request.Length, 0));
        }

        while (Receive(reader))
        {
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    /// <summary>Reads one datagram; false where it ends the answer.</summary>
    private bool Receive(MessageReader reader)
    {
        int received;
        fixed (byte* bytes = _buffer)
        {
            received = Check((int)LibC.recv((int)_socket.DangerousGetHandle(), bytes, (size_t)_buffer.Length, 0));
        }

        var messages = _buffer.AsSpan(0, received);
        while (messages.Length >= HeaderLength)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(messages);
            if (length < HeaderLength || length > messages.Length)
            {
                break;
            }

            var type = BinaryPrimitives.ReadUInt16LittleEndian(messages[4..]);
            var flags = BinaryPrimitives.ReadUInt16LittleEndian(messages[6..]);
            var body = messages[HeaderLength..length];

            // What is left of an answer that was given up has another sequence number.
            if (BinaryPrimitives.ReadUInt32LittleEndian(messages[8..]) == _sequence)
            {
                if (type == MessageError && BinaryPrimitives.ReadInt32LittleEndian(body) is < 0 and var error)
                {
                    throw new BpfException("ask rtnetlink", -error);
                }

                if (type is MessageDone or MessageError)
                {
                    return false;
                }

                reader(type, body);
                if ((flags & FlagMulti) == 0)
                {
                    return false;
                }
            }

            messages = messages[Math.Min(messages.Length, (length + 3) & ~3)..];
        }

        return true;
    }

    private static int Check(int result) =>
        result >= 0 ? result : throw new BpfException("ask rtnetlink", LibC.errno);
}
