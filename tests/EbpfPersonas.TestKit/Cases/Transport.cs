using System.Buffers.Binary;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.Cases;

/// <summary>What stands behind the IP header.</summary>
internal static class Transport
{
    public static byte[] Build(CasePacket packet) => packet.Protocol switch
    {
        IpProtocol.Tcp => Tcp(packet),
        IpProtocol.Udp => Udp(packet),
        IpProtocol.Sctp => Sctp(packet),
        IpProtocol.Icmp or IpProtocol.IcmpV6 => Icmp(packet),
        _ => new byte[8 + packet.PayloadLength],
    };

    /// <summary>RFC 9293 section 3.1.</summary>
    private static byte[] Tcp(CasePacket packet)
    {
        // RFC 7323 section 2.2, behind a No Operation.
        ReadOnlySpan<byte> options = packet.WindowScale is { } scale ? [1, 3, 3, scale] : [];
        var segment = WithPorts(packet, 20 + options.Length);
        BinaryPrimitives.WriteUInt32BigEndian(segment.AsSpan(4), packet.Sequence);
        BinaryPrimitives.WriteUInt32BigEndian(
            segment.AsSpan(8), packet.Flags.HasFlag(TcpControl.Ack) ? packet.Acknowledgment : 0);
        segment[12] = (byte)((20 + options.Length) / 4 << 4);
        segment[13] = (byte)packet.Flags;
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(14), packet.Window);
        options.CopyTo(segment.AsSpan(20));
        return WithChecksum(packet, segment, 16);
    }

    /// <summary>RFC 768.</summary>
    private static byte[] Udp(CasePacket packet)
    {
        var datagram = WithPorts(packet, 8);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(4), (ushort)datagram.Length);
        WithChecksum(packet, datagram, 6);
        if (datagram[6] == 0 && datagram[7] == 0)
        {
            // Zero means "no checksum"; the other zero of the ones' complement takes its place.
            datagram.AsSpan(6, 2).Fill(0xff);
        }

        return datagram;
    }

    /// <summary>RFC 9260 section 3: common header and a COOKIE ACK chunk, the shortest there is.</summary>
    private static byte[] Sctp(CasePacket packet)
    {
        var message = WithPorts(packet, 16);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(4), 1);
        message[12] = 11;
        message[15] = 4;
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(8), Checksum.Crc32C(message));
        return message;
    }

    /// <summary>
    /// RFC 792, RFC 4443: type, code, checksum, identifier and sequence (0 in an error), then what is quoted.
    /// </summary>
    private static byte[] Icmp(CasePacket packet)
    {
        var quoted = packet.Quoted is { } inner ? Frame.BuildIp(inner) : [];
        byte[] message =
            [packet.IcmpType, packet.IcmpCode, .. new byte[6], .. quoted, .. new byte[packet.PayloadLength]];
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(4), packet.EchoId);
        if (packet.Protocol == IpProtocol.IcmpV6 && packet.Remote.IsV6)
        {
            return WithChecksum(packet, message, 2);
        }

        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), Checksum.Internet(message));
        return message;
    }

    private static byte[] WithPorts(CasePacket packet, int headerLength)
    {
        var segment = new byte[headerLength + packet.PayloadLength];
        BinaryPrimitives.WriteUInt16BigEndian(segment, packet.SourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(2), packet.DestinationPort);
        return segment;
    }

    /// <summary>Over the pseudo-header of RFC 9293 section 3.1 and RFC 8200 section 8.1.</summary>
    private static byte[] WithChecksum(CasePacket packet, byte[] segment, int at)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, segment.Length);
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(at), Checksum.Internet(
            [
                .. packet.Source.ToBytes(), .. packet.Destination.ToBytes(),
                .. length, 0, 0, 0, packet.Protocol, .. segment,
            ]));
        return segment;
    }
}
