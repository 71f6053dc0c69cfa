using System.ComponentModel;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace EbpfPersonas.TestKit.Network;

/// <summary>
/// A packet socket (packet(7)) on one interface of a lab host: sends frames as they are, and says of them what it
/// likes.
/// </summary>
public sealed unsafe class RawSocket : IDisposable
{
    private readonly SafeFileHandle _socket;
    private readonly int _interfaceIndex;

    /// <summary>Opens it in <paramref name="host"/>, on the interface with this index.</summary>
    public RawSocket(LabHost host, int interfaceIndex)
    {
        ArgumentNullException.ThrowIfNull(host);
        _interfaceIndex = interfaceIndex;
        var (descriptor, error) = host.RunInside(() =>
        {
            var made = LibC.socket(LibC.AF_PACKET, LibC.SOCK_RAW | LibC.SOCK_CLOEXEC, 0);
            return (made, made < 0 ? LibC.errno : 0);
        });
        _socket = descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw new Win32Exception(error);
    }

    /// <summary>
    /// Sends <paramref name="frame"/>, link-layer header included; <paramref name="claimedProtocol"/> is the ethertype
    /// that the sender claims, which the kernel believes whatever the frame says. False where the frame was dropped on
    /// its way out.
    /// </summary>
    public bool Send(ReadOnlySpan<byte> frame, ushort claimedProtocol)
    {
        // struct sockaddr_ll { family, protocol, ifindex, hatype, pkttype, halen, addr[8] }
        Span<byte> address = stackalloc byte[20];
        BitConverter.TryWriteBytes(address, (ushort)LibC.AF_PACKET);
        (address[2], address[3]) = ((byte)(claimedProtocol >> 8), (byte)claimedProtocol);
        BitConverter.TryWriteBytes(address[4..], _interfaceIndex);
        fixed (byte* to = address)
        fixed (byte* data = frame)
        {
            var sent = LibC.sendto(
                (int)_socket.DangerousGetHandle(), data, (size_t)frame.Length, 0, (sockaddr*)to, (socklen_t)20);
            return sent == frame.Length ? true
                : LibC.errno == LibC.ENOBUFS ? false
                : throw new Win32Exception(LibC.errno);
        }
    }

    public void Dispose() => _socket.Dispose();
}
