using System.Buffers.Binary;
using EbpfPersonas.Bpf;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>
/// Tells which network interfaces this network namespace has, and each change, through rtnetlink(7). Asks the kernel
/// and not /sys, which may show another namespace.
/// </summary>
public sealed unsafe class LinkWatch : IDisposable
{
    // include/uapi/linux/netlink.h, rtnetlink.h, if.h
    private const int HeaderLength = 16;
    private const ushort MessageError = 2;
    private const ushort MessageDone = 3;
    private const ushort FlagRequestDump = 0x301;
    private const int NetlinkRoute = 0;
    private const long Second = 1000;
    private const uint GroupLink = 1;
    private const int ForceReceiveBuffer = 33; // SO_RCVBUFFORCE
    private const int ReceiveBufferLength = 4 * 1024 * 1024; // Some thousands of changes at once.

    private readonly SafeFileHandle _socket;
    private readonly SafeFileHandle _stop;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private bool _listAgain;
    private bool _listing;

    /// <summary>Subscribes; nothing is read before <see cref="Run"/>.</summary>
    public LinkWatch()
    {
        _socket = Own(
            LibC.socket(LibC.AF_NETLINK, LibC.SOCK_RAW | LibC.SOCK_CLOEXEC | LibC.SOCK_NONBLOCK, NetlinkRoute),
            "open rtnetlink");
        _stop = Own(LibC.eventfd(0, LibC.EFD_CLOEXEC), "make an eventfd");

        // struct sockaddr_nl { family, pad, pid, groups }
        Span<byte> address = stackalloc byte[12];
        BinaryPrimitives.WriteUInt16LittleEndian(address, (ushort)LibC.AF_NETLINK);
        BinaryPrimitives.WriteUInt32LittleEndian(address[8..], GroupLink);
        fixed (byte* bytes = address)
        {
            Check(LibC.bind(Number(_socket), (sockaddr*)bytes, 12), "subscribe to link changes");
        }

        // Where it is refused, messages are lost sooner, and then everything is listed again.
        var size = ReceiveBufferLength;
        _ = LibC.setsockopt(Number(_socket), LibC.SOL_SOCKET, ForceReceiveBuffer, &size, sizeof(int));
    }

    /// <summary>
    /// Calls <paramref name="changed"/> for every interface there is, then <paramref name="listed"/>, and then again
    /// for each change, until <see cref="Stop"/>; and <paramref name="everySecond"/> from time to time. Where the
    /// kernel dropped messages it lists everything again: what was not named between two calls of
    /// <paramref name="listed"/> may be gone. The same, after a second, where <paramref name="changed"/> says false.
    /// Throws <see cref="BpfException"/>.
    /// </summary>
    public void Run(Func<LinkChange, bool> changed, Action listed, Action everySecond)
    {
        ArgumentNullException.ThrowIfNull(everySecond);
        RequestList();
        var incomplete = false;
        var due = Environment.TickCount64 + Second;
        while (WaitForMessage((int)Math.Clamp(due - Environment.TickCount64, 0, Second)) is { } messages)
        {
            incomplete |= messages && !Receive(changed, listed);
            if (Environment.TickCount64 >= due)
            {
                everySecond();
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

        // struct nlmsghdr { length, type, flags, sequence, pid }, then struct ifinfomsg of zeros.
        Span<byte> request = stackalloc byte[HeaderLength + LinkMessage.Length];
        BinaryPrimitives.WriteInt32LittleEndian(request, request.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(request[4..], LinkMessage.Get);
        BinaryPrimitives.WriteUInt16LittleEndian(request[6..], FlagRequestDump);
        fixed (byte* bytes = request)
        {
            Check((int)LibC.send(Number(_socket), bytes, (size_t)request.Length, 0), "list interfaces");
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
                throw new BpfException("wait for link changes", LibC.errno);
            }
        }

        return watched[1].revents != 0 ? null : watched[0].revents != 0;
    }

    /// <summary>Reads what is there; false when the kernel had to drop messages.</summary>
    private bool Receive(Func<LinkChange, bool> changed, Action listed)
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
                    _ => throw new BpfException("read link changes", errno),
                };
            }

            Parse(_buffer.AsSpan(0, length), changed, listed);
        }
    }

    private void Parse(ReadOnlySpan<byte> messages, Func<LinkChange, bool> changed, Action listed)
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
            else if (type == MessageError && BinaryPrimitives.ReadInt32LittleEndian(body) is < 0 and var error)
            {
                throw new BpfException("list interfaces", -error);
            }
            else if (LinkMessage.Read(type, body) is { } change)
            {
                _listAgain |= !changed(change);
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
