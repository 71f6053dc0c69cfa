using System.ComponentModel;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace EbpfPersonas.TestKit.Network;

/// <summary>
/// A packet socket (packet(7)) that takes in frames of one ethertype on one interface. The kernel hands it what comes
/// in behind the packet filters, as it does to its own protocols; only sockets for every ethertype are before them.
/// </summary>
public sealed unsafe class FrameReceiver : IDisposable
{
    /// <summary>include/uapi/linux/if_ether.h: every ethertype, before the filters.</summary>
    public const ushort Everything = 3;

    private const byte Outgoing = 4; // include/uapi/linux/if_packet.h: PACKET_OUTGOING
    private const int AddressLength = 20;

    private readonly SafeFileHandle _socket;
    private readonly byte[] _buffer = new byte[65536];

    /// <summary>Opens it in <paramref name="host"/>, on the interface with this index.</summary>
    public FrameReceiver(LabHost host, int interfaceIndex, ushort ethertype)
    {
        ArgumentNullException.ThrowIfNull(host);
        var (descriptor, error) = host.RunInside(() =>
        {
            var made = LibC.socket(LibC.AF_PACKET, LibC.SOCK_RAW | LibC.SOCK_CLOEXEC, 0);
            return (made, made < 0 ? LibC.errno : 0);
        });
        _socket = descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw new Win32Exception(error);

        // struct sockaddr_ll { family, protocol, ifindex, hatype, pkttype, halen, addr[8] }
        Span<byte> address = stackalloc byte[AddressLength];
        address.Clear();
        BitConverter.TryWriteBytes(address, (ushort)LibC.AF_PACKET);
        (address[2], address[3]) = ((byte)(ethertype >> 8), (byte)ethertype);
        BitConverter.TryWriteBytes(address[4..], interfaceIndex);
        fixed (byte* bytes = address)
        {
            if (LibC.bind((int)_socket.DangerousGetHandle(), (sockaddr*)bytes, AddressLength) < 0)
            {
                throw new Win32Exception(LibC.errno);
            }
        }
    }

    /// <summary>The next frame that comes in, or null where none does in time.</summary>
    public byte[]? Receive(TimeSpan patience)
    {
        var deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        Span<byte> address = stackalloc byte[AddressLength];
        while (true)
        {
            var wait = new pollfd { fd = (int)_socket.DangerousGetHandle(), events = LibC.POLLIN };
            var left = (int)Math.Max(0, deadline - Environment.TickCount64);
            if (LibC.poll(&wait, 1, left) <= 0)
            {
                return null;
            }

            socklen_t length = AddressLength;
            fixed (byte* bytes = _buffer)
            fixed (byte* from = address)
            {
                var received = (int)LibC.recvfrom(
                    (int)_socket.DangerousGetHandle(), bytes, (size_t)_buffer.Length, 0, (sockaddr*)from, &length);
                if (received < 0)
                {
                    throw new Win32Exception(LibC.errno);
                }

                if (address[10] != Outgoing)
                {
                    return _buffer[..received];
                }
            }
        }
    }

    public void Dispose() => _socket.Dispose();
}
