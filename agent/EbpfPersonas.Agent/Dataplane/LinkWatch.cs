using System.Buffers.Binary;
using EbpfPersonas.Bpf;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>
/// Tells which network interfaces this network namespace has, and each change, through rtnetlink(7). Asks the kernel and not /sys, which may show another
/// namespace.
/// </summary>
public sealed unsafe class LinkWatch : IDisposable
{
    // include/uapi/linux/netlink.h, rtnetlink.h, if.h
    private const int HeaderLength = 16;
    private const int InterfaceMessageLength = 16;
    private const ushort MessageDone = 3;
    private const ushort MessageNewLink = 16;
    private const ushort MessageDelLink = 17;
    private const ushort MessageGetLink = 18;
    private const ushort FlagRequestDump = 0x301;
    private const int NetlinkRoute = 0;
    private const uint GroupLink = 1;
    private const uint FlagLoopback = 0x8;

    private readonly SafeFileHandle _socket;
    private readonly SafeFileHandle _stop;
    private readonly byte[] _buffer = new byte[64 * 1024];

    /// <summary>Subscribes; nothing is read before <see cref="Run"/>.</summary>
    public LinkWatch()
    {
        _socket = Own(LibC.socket(LibC.AF_NETLINK, LibC.SOCK_RAW | LibC.SOCK_CLOEXEC | LibC.SOCK_NONBLOCK, NetlinkRoute), "open rtnetlink");
        _stop = Own(LibC.eventfd(0, LibC.EFD_CLOEXEC), "make an eventfd");

        // struct sockaddr_nl { family, pad, pid, groups }
        Span<byte> address = stackalloc byte[12];
        BinaryPrimitives.WriteUInt16LittleEndian(address, (ushort)LibC.AF_NETLINK);
        BinaryPrimitives.WriteUInt32LittleEndian(address[8..], GroupLink);
        fixed (byte* bytes = address)
        {
            Check(LibC.bind(Number(_socket), (sockaddr*)bytes, 12), "subscribe to link changes");
        }
    }

    /// <summary>
    /// Calls <paramref name="changed"/> for every interface there is, then <paramref name="listed"/>, and then again for each change, until
    /// <see cref="Stop"/>. Where the kernel dropped messages it lists everything again.
    /// </summary>
    public void Run(Action<LinkChange> changed, Action listed)
    {
        RequestList();
        while (WaitForMessage())
        {
            if (!Receive(changed, listed))
            {
                RequestList();
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
        // struct nlmsghdr { length, type, flags, sequence, pid }, then struct ifinfomsg of zeros.
        Span<byte> request = stackalloc byte[HeaderLength + InterfaceMessageLength];
        BinaryPrimitives.WriteInt32LittleEndian(request, request.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(request[4..], MessageGetLink);
        BinaryPrimitives.WriteUInt16LittleEndian(request[6..], FlagRequestDump);
        fixed (byte* bytes = request)
        {
            Check((int)LibC.send(Number(_socket), bytes, (size_t)request.Length, 0), "list interfaces");
        }
    }

    private bool WaitForMessage()
    {
        var watched = stackalloc pollfd[2];
        watched[0] = new pollfd { fd = Number(_socket), events = LibC.POLLIN };
        watched[1] = new pollfd { fd = Number(_stop), events = LibC.POLLIN };
        while (LibC.poll(watched, 2, -1) < 0)
        {
            if (LibC.errno != LibC.EINTR)
            {
                throw new BpfException("wait for link changes", LibC.errno);
            }
        }

        return watched[1].revents == 0;
    }

    /// <summary>Reads what is there; false when the kernel had to drop messages.</summary>
    private bool Receive(Action<LinkChange> changed, Action listed)
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

    private static void Parse(ReadOnlySpan<byte> messages, Action<LinkChange> changed, Action listed)
    {
        while (messages.Length >= HeaderLength)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(messages);
            var type = BinaryPrimitives.ReadUInt16LittleEndian(messages[4..]);
            if (length < HeaderLength || length > messages.Length)
            {
                return;
            }

            if (type == MessageDone)
            {
                listed();
            }
            else if (type is MessageNewLink or MessageDelLink && length >= HeaderLength + InterfaceMessageLength)
            {
                // struct ifinfomsg { family, pad, type, index, flags, change }
                var body = messages[HeaderLength..length];
                var flags = BinaryPrimitives.ReadUInt32LittleEndian(body[8..]);
                changed(new LinkChange(
                    BinaryPrimitives.ReadInt32LittleEndian(body[4..]), type == MessageNewLink, (flags & FlagLoopback) != 0));
            }

            messages = messages[Math.Min(messages.Length, (length + 3) & ~3)..];
        }
    }

    private static SafeFileHandle Own(int descriptor, string operation) => new(Check(descriptor, operation), ownsHandle: true);

    private static int Number(SafeFileHandle handle) => (int)handle.DangerousGetHandle();

    private static int Check(int result, string operation) => result >= 0 ? result : throw new BpfException(operation, LibC.errno);
}
