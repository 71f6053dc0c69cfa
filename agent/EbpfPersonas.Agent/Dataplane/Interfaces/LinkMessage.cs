using System.Buffers.Binary;
using System.Text;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>Reads what rtnetlink(7) says of an interface.</summary>
internal static class LinkMessage
{
    // include/uapi/linux/rtnetlink.h, if.h, if_link.h, if_arp.h
    internal const ushort New = 16;
    internal const ushort Deleted = 17;
    internal const ushort Get = 18;

    /// <summary>Octets of struct ifinfomsg { family, pad, type, index, flags, change }.</summary>
    internal const int Length = 16;

    private const byte FamilyUnspecified = 0;
    private const uint FlagUp = 0x1;
    private const uint FlagLoopback = 0x8;
    private const ushort HardwareEthernet = 1;
    private const ushort AttributeName = 3;
    private const ushort AttributeStatistics = 23; // IFLA_STATS64

    /// <summary>
    /// Null where it is about something else. A bridge tells of its ports' coming and going in the same messages, with
    /// its own family: the interface itself stays.
    /// </summary>
    public static LinkChange? Read(ushort type, ReadOnlySpan<byte> body)
    {
        if (type is not (New or Deleted) || body.Length < Length || body[0] != FamilyUnspecified)
        {
            return null;
        }

        var flags = BinaryPrimitives.ReadUInt32LittleEndian(body[8..]);
        var (name, packets) = ReadAttributes(body[Length..]);
        return new LinkChange
        {
            InterfaceIndex = BinaryPrimitives.ReadInt32LittleEndian(body[4..]),
            Present = type == New,
            Name = name,
            IsLoopback = (flags & FlagLoopback) != 0,
            IsUp = (flags & FlagUp) != 0,
            IsEthernet = BinaryPrimitives.ReadUInt16LittleEndian(body[2..]) == HardwareEthernet,
            Packets = packets,
        };
    }

    /// <summary>
    /// What the interface counted until now; throws <see cref="BpfException"/>, ENODEV where it is gone.
    /// </summary>
    public static LinkPackets ReadPackets(RouteSocket socket, int interfaceIndex)
    {
        Span<byte> request = stackalloc byte[Length];
        request.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(request[4..], interfaceIndex);
        LinkPackets packets = default;
        socket.Ask(Get, dump: false, request, (type, body) => packets = Read(type, body)?.Packets ?? default);
        return packets;
    }

    /// <summary>struct rtattr { length, type, value }; each begins at a multiple of four.</summary>
    private static (string Name, LinkPackets Packets) ReadAttributes(ReadOnlySpan<byte> attributes)
    {
        var name = "";
        LinkPackets packets = default;
        while (attributes.Length >= 4)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(attributes);
            if (length < 4 || length > attributes.Length)
            {
                break;
            }

            var value = attributes[4..length];
            var type = BinaryPrimitives.ReadUInt16LittleEndian(attributes[2..]);
            if (type == AttributeName)
            {
                name = Encoding.UTF8.GetString(value.TrimEnd((byte)0));
            }
            else if (type == AttributeStatistics && value.Length >= 2 * sizeof(ulong))
            {
                packets = new LinkPackets(
                    BinaryPrimitives.ReadUInt64LittleEndian(value),
                    BinaryPrimitives.ReadUInt64LittleEndian(value[sizeof(ulong)..]));
            }

            attributes = attributes[Math.Min(attributes.Length, (length + 3) & ~3)..];
        }

        return (name, packets);
    }
}
