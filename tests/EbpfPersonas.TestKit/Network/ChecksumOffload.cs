using System.ComponentModel;
using System.Text;
using Tmds.Linux;

namespace EbpfPersonas.TestKit.Network;

/// <summary>Whether a device leaves checksums to be filled in (ethtool -K DEVICE tx).</summary>
public static unsafe class ChecksumOffload
{
    private const int SIOCETHTOOL = 0x8946; // include/uapi/linux/sockios.h
    private const uint ETHTOOL_STXCSUM = 0x17; // include/uapi/linux/ethtool.h

    /// <summary>From now on the stack fills in, before the device, what was left open.</summary>
    public static void TurnOff(LabHost host, string device)
    {
        ArgumentNullException.ThrowIfNull(host);
        using var socket = host.OpenSocket(
            System.Net.Sockets.AddressFamily.InterNetwork,
            System.Net.Sockets.SocketType.Dgram,
            System.Net.Sockets.ProtocolType.Udp);
        // struct ethtool_value { command, value }; struct ifreq { name[16], pointer, ... }
        var value = stackalloc uint[2] { ETHTOOL_STXCSUM, 0 };
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
