using System.ComponentModel;
using Tmds.Linux;

namespace EbpfPersonas.TestKit.Network;

/// <summary>
/// Segments in one beyond 65,536 octets (BIG TCP; IPv6 since Linux 5.19, IPv4 since 6.3). iproute2 knows the settings
/// of IPv6 only.
/// </summary>
public static unsafe class BigTcp
{
    private const int RTM_NEWLINK = 16; // include/uapi/linux/rtnetlink.h
    private const int NLM_F_REQUEST = 1, NLM_F_ACK = 4;
    private const int NetlinkRoute = 0;

    // include/uapi/linux/if_link.h: IFLA_GSO_MAX_SIZE, IFLA_GRO_MAX_SIZE, and both of IPv4.
    private static readonly ushort[] Settings = [41, 58, 63, 64];

    /// <summary>
    /// From now on segments of up to <paramref name="octets"/> leave and come in by the interface in one. Throws
    /// <see cref="Win32Exception"/> where the kernel cannot do that.
    /// </summary>
    public static void TurnOn(LabHost host, int interfaceIndex, uint octets)
    {
        ArgumentNullException.ThrowIfNull(host);

        // struct nlmsghdr { length, type, flags, sequence, pid }, struct ifinfomsg { family, type, index, flags,
        // change }, then for each setting struct nlattr { length, type } and its number.
        byte[] body =
        [
            0, 0, 0, 0, .. BitConverter.GetBytes(interfaceIndex), 0, 0, 0, 0, 0, 0, 0, 0,
            .. Settings.SelectMany(
                setting => (byte[])[8, 0, .. BitConverter.GetBytes(setting), .. BitConverter.GetBytes(octets)]),
        ];
        byte[] message =
        [
            .. BitConverter.GetBytes(16 + body.Length), RTM_NEWLINK, 0, NLM_F_REQUEST | NLM_F_ACK, 0,
            .. new byte[8], .. body,
        ];
        var error = host.RunInside(() => Ask(message));
        if (error != 0)
        {
            throw new Win32Exception(error, $"This kernel has no BIG TCP: errno {error}");
        }
    }

    /// <summary>What the kernel answers: 0 or an errno.</summary>
    private static int Ask(byte[] message)
    {
        var socket = LibC.socket(LibC.AF_NETLINK, LibC.SOCK_RAW | LibC.SOCK_CLOEXEC, NetlinkRoute);
        if (socket < 0)
        {
            return LibC.errno;
        }

        try
        {
            var answer = new byte[256];
            fixed (byte* request = message)
            fixed (byte* room = answer)
            {
                return LibC.send(socket, request, message.Length, 0) < 0
                    || LibC.recv(socket, room, answer.Length, 0) < 0
                    ? LibC.errno
                    : -BitConverter.ToInt32(answer, 16);
            }
        }
        finally
        {
            _ = LibC.close(socket);
        }
    }
}
