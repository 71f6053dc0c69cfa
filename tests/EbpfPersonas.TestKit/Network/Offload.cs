using System.ComponentModel;
using System.Text;
using Tmds.Linux;

namespace EbpfPersonas.TestKit.Network;

/// <summary>What a device does in the stack's place (ethtool -K DEVICE).</summary>
public static unsafe class Offload
{
    private const int SIOCETHTOOL = 0x8946; // include/uapi/linux/sockios.h
    private const uint ETHTOOL_STXCSUM = 0x17; // include/uapi/linux/ethtool.h
    private const uint ETHTOOL_SGRO = 0x2c;

    /// <summary>
    /// From now on the stack fills in, before the device, the checksums that were left open, and cuts up what is to be
    /// sent in segments.
    /// </summary>
    public static void TurnChecksumsOff(LabHost host, string device) => Set(host, device, ETHTOOL_STXCSUM, 0);

    /// <summary>From now on segments that come in one behind the other are put together (GRO).</summary>
    public static void TurnReceiveOn(LabHost host, string device) => Set(host, device, ETHTOOL_SGRO, 1);

    private static void Set(LabHost host, string device, uint command, uint on)
    {
        ArgumentNullException.ThrowIfNull(host);
        using var socket = host.OpenSocket(
            System.Net.Sockets.AddressFamily.InterNetwork,
            System.Net.Sockets.SocketType.Dgram,
            System.Net.Sockets.ProtocolType.Udp);
        // struct ethtool_value { command, value }; struct ifreq { name[16], pointer, ... }
        var value = stackalloc uint[2] { command, on };
        var request = stackalloc byte[40];
        new Span<byte>(request, 40).Clear();
        Encoding.ASCII.GetBytes(device, new Span<byte>(request, 15));
        *(uint**)(request + 16) = value;
        if (LibC.ioctl((int)socket.Handle, SIOCETHTOOL, request) < 0)
        {
            throw new Win32Exception(LibC.errno);
        }
    }
}
