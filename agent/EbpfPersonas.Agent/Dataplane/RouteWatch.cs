using System.Buffers.Binary;
using EbpfPersonas.Bpf;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>
/// Follows one kind of thing that rtnetlink(7) tells of: lists what there is, and then each change. It stays in the
/// network namespace in which it was opened.
/// </summary>
public sealed unsafe class RouteWatch : IDisposable
{
    // include/uapi/linux/netlink.h
    private const int HeaderLength = 16;
    private const int NetlinkRoute = 0;
    private const ushort MessageError = 2;
    private const ushort MessageDone = 3;
    private const ushort FlagRequestDump = 0x301;
    private const int Forever = -1;
    private const long Second = 1000;
    private const int ForceReceiveBuffer = 33; // SO_RCVBUFFORCE
    private const int ReceiveBufferLength = 4 * 1024 * 1024; // Some thousands of changes at once.

    private readonly SafeFileHandle _socket;
    private readonly SafeFileHandle _stop;
    private readonly ushort _listMessage;
    private readonly int _listLength;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private bool _listAgain;
    private bool _listing;

    /// <summary>
    /// Subscribes to <paramref name="groups"/>; nothing is read before <see cref="Run"/>. Lists are asked for by a
    /// message of type <paramref name="listMessage"/> with <paramref name="listLength"/> zeros. Throws
    /// <see cref="BpfException"/>.
    /// </summary>
    public RouteWatch(uint groups, ushort listMessage, int listLength)
    {
        (_listMessage, _listLength) = (listMessage, listLength);
        _socket = Own(
            LibC.socket(LibC.AF_NETLINK, LibC.SOCK_RAW | LibC.SOCK_CLOEXEC | LibC.SOCK_NONBLOCK, NetlinkRoute),
            "open rtnetlink");
        _stop = Own(LibC.eventfd(0, LibC.EFD_CLOEXEC), "make an eventfd");

        // struct sockaddr_nl { family, pad, pid, groups }
        Span<byte> address = stackalloc byte[12];
        address.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(address, (ushort)LibC.AF_NETLINK);
        BinaryPrimitives.WriteUInt32LittleEndian(address[8..], groups);
        fixed (byte* bytes = address)
        {
            Check(LibC.bind(Number(_socket), (sockaddr*)bytes, 12), "subscribe to changes");
        }

        // Where it is refused, messages are lost sooner, and then everything is listed again.
        var size = ReceiveBufferLength;
        _ = LibC.setsockopt(Number(_socket), LibC.SOL_SOCKET, ForceReceiveBuffer, &size, sizeof(int));
    }

    /// <summary>
    /// Takes the type and what follows the header of one message; false where it is to be listed again in a second.
    /// </summary>
    public delegate bool MessageReader(ushort type, ReadOnlySpan<byte> body);

    /// <summary>
    /// Calls <paramref name="read"/> for everything there is, then <paramref name="listed"/>, and then for each change,
    /// until <see cref="Stop"/>; and <paramref name="everySecond"/>, if there is one, from time to time. Where the
    /// kernel dropped messages it lists everything again: what was not named between two calls of
    /// <paramref name="listed"/> may be gone. Throws <see cref="BpfException"/>.
    /// </summary>
    public void Run(MessageReader read, Action listed, Action? everySecond = null)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(listed);
        RequestList();
        var incomplete = false;
        var due = Environment.TickCount64 + Second;
        while (WaitForMessage(Patience()) is { } messages)
        {
            incomplete |= messages && !Receive(read, listed);
            if (Environment.TickCount64 >= due)
            {
                everySecond?.Invoke();
                due = Environment.TickCount64 + Second;
                incomplete |= _listAgain;
            }

            // The kernel makes one list at a time.
            if (incomplete && !_listing)
            {
                RequestList();
                incomplete = false;
            }
        }

        int Patience() => everySecond is null && !_listAgain && !incomplete
            ? Forever
            : (int)Math.Clamp(due - Environment.TickCount64, 0, Second);
    }

    /// <summary>Ends <see cref="Run"/>, from any thread.</summary>
    public void Stop()
    {
        ulong one = 1;
        _ = LibC.write(Number(_stop), &one, sizeof(ulong));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        _stop.Dispose();
    }

    private void RequestList()
    {
        _listAgain = false;
        _listing = true;

        // struct nlmsghdr { length, type, flags, sequence, pid }
        Span<byte> request = stackalloc byte[HeaderLength + _listLength];
        request.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(request, request.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(request[4..], _listMessage);
        BinaryPrimitives.WriteUInt16LittleEndian(request[6..], FlagRequestDump);
        fixed (byte* bytes = request)
        {
            Check((int)LibC.send(Number(_socket), bytes, (size_t)request.Length, 0), "list what there is");
        }
    }

    /// <summary>True: there are messages. False: none came in time. Null: stop.</summary>
    private bool? WaitForMessage(int milliseconds)
    {
        var watched = stackalloc pollfd[2];
        watched[0] = new pollfd { fd = Number(_socket), events = LibC.POLLIN };
        watched[1] = new pollfd { fd = Number(_stop), events = LibC.POLLIN };
        while (LibC.poll(watched, 2, milliseconds) < 0)
        {
            if (LibC.errno != LibC.EINTR)
            {
                throw new BpfException("wait for changes", LibC.errno);
            }
        }

        return watched[1].revents != 0 ? null : watched[0].revents != 0;
    }

    /// <summary>Reads what is there; false when the kernel had to drop messages.</summary>
    private bool Receive(MessageReader read, Action listed)
    {
        while (true)
        {
            int length;
            fixed (byte* bytes = _buffer)
            {
                length = (int)LibC.recv(Number(_socket), bytes, (size_t)_buffer.Length, 0);
            }

            if (length < 0)
            {
                var errno = LibC.errno;
                return errno switch
                {
                    _ when errno == LibC.EAGAIN => true,
                    _ when errno == LibC.ENOBUFS => false,
                    _ => throw new BpfException("read changes", errno),
                };
            }

            Parse(_buffer.AsSpan(0, length), read, listed);
        }
    }

    private void Parse(ReadOnlySpan<byte> messages, MessageReader read, Action listed)
    {
        while (messages.Length >= HeaderLength)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(messages);
            var type = BinaryPrimitives.ReadUInt16LittleEndian(messages[4..]);
            if (length < HeaderLength || length > messages.Length)
            {
                return;
            }

            var body = messages[HeaderLength..length];
            if (type == MessageDone)
            {
                _listing = false;
                listed();
            }
            else if (type == MessageError)
            {
                var error = BinaryPrimitives.ReadInt32LittleEndian(body);
                if (error < 0)
                {
                    throw new BpfException("list what there is", -error);
                }
            }
            else
            {
                _listAgain |= !read(type, body);
            }

            messages = messages[Math.Min(messages.Length, (length + 3) & ~3)..];
        }
    }

    private static SafeFileHandle Own(int descriptor, string operation) =>
        new(Check(descriptor, operation), ownsHandle: true);

    private static int Number(SafeFileHandle handle) => (int)handle.DangerousGetHandle();

    private static int Check(int result, string operation) =>
        result >= 0 ? result : throw new BpfException(operation, LibC.errno);
}
