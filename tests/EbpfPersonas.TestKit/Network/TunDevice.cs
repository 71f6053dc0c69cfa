using System.ComponentModel;
using System.Text;
using Tmds.Linux;

namespace EbpfPersonas.TestKit.Network;

/// <summary>
/// An interface without a link layer (Documentation/networking/tuntap.rst) in a lab host: the test is what lies beyond
/// it, and reads and writes bare IP packets. It goes with this object.
/// </summary>
public sealed unsafe class TunDevice : IDisposable
{
    private const int TUNSETIFF = 0x400454ca; // include/uapi/linux/if_tun.h
    private const short IFF_TUN = 1;
    private const short IFF_NO_PI = 0x1000;
    private const short IFF_VNET_HDR = 0x4000;

    private readonly int _descriptor;

    /// <summary>
    /// Makes the interface <paramref name="name"/>, which is down. With an offload header, struct virtio_net_hdr stands
    /// in front of every packet, as a virtual machine's host puts it there.
    /// </summary>
    public TunDevice(LabHost host, string name, bool hasOffloadHeader = false)
    {
        ArgumentNullException.ThrowIfNull(host);
        var flags = IFF_TUN | IFF_NO_PI | (hasOffloadHeader ? IFF_VNET_HDR : 0);
        _descriptor = host.RunInside(() => Open(name, (short)flags));
    }

    /// <summary>The packet comes in by the interface.</summary>
    public void Write(ReadOnlySpan<byte> packet)
    {
        fixed (byte* data = packet)
        {
            Check((int)LibC.write(_descriptor, data, packet.Length));
        }
    }

    /// <summary>The next packet that goes out by the interface, or null where none does in time.</summary>
    public byte[]? Read(TimeSpan patience)
    {
        var wait = new pollfd { fd = _descriptor, events = LibC.POLLIN };
        if (Check(LibC.poll(&wait, 1, (int)patience.TotalMilliseconds)) == 0)
        {
            return null;
        }

        var packet = new byte[65536];
        fixed (byte* data = packet)
        {
            return packet[..Check((int)LibC.read(_descriptor, data, packet.Length))];
        }
    }

    public void Dispose() => _ = LibC.close(_descriptor);

    private static int Open(string name, short flags)
    {
        // struct ifreq { name[16], flags, ... }
        Span<byte> request = stackalloc byte[40];
        request.Clear();
        Encoding.ASCII.GetBytes(name, request[..15]);
        BitConverter.TryWriteBytes(request[16..], flags);
        fixed (byte* path = "/dev/net/tun\0"u8)
        fixed (byte* argument = request)
        {
            var descriptor = Check(LibC.open(path, LibC.O_RDWR | LibC.O_CLOEXEC));
            Check(LibC.ioctl(descriptor, TUNSETIFF, argument));
            return descriptor;
        }
    }

    private static int Check(int result) => result >= 0 ? result : throw new Win32Exception(LibC.errno);
}
