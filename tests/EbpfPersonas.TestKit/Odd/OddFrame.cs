using System.Buffers.Binary;
using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.TestKit.Odd;

/// <summary>Makes frames, and damages copies of them. Offsets count from the frame's first octet.</summary>
internal static class OddFrame
{
    /// <summary>Where the IP header begins.</summary>
    public const int Ip = 14;

    /// <summary>Behind an IPv4 header without options.</summary>
    public const int Ipv4Transport = Ip + 20;

    /// <summary>Behind an IPv6 header without extensions.</summary>
    public const int Ipv6Transport = Ip + 40;

    /// <summary>The frame of a packet in the words of <see cref="PacketParser"/>.</summary>
    public static byte[] Of(string packet) => Frame.Build(PacketParser.Parse(packet));

    /// <summary>A copy with other octets from <paramref name="at"/> on.</summary>
    public static byte[] With(this byte[] frame, int at, params byte[] octets)
    {
        byte[] copy = [.. frame];
        octets.CopyTo(copy, at);
        return copy;
    }

    /// <summary>A copy with another number of 16 bits.</summary>
    public static byte[] With16(this byte[] frame, int at, int number)
    {
        byte[] copy = [.. frame];
        BinaryPrimitives.WriteUInt16BigEndian(copy.AsSpan(at), (ushort)number);
        return copy;
    }

    /// <summary>What stands there.</summary>
    public static int Read16(this byte[] frame, int at) => BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(at));

    /// <summary>Only the first octets, whatever the lengths say.</summary>
    public static byte[] Cut(this byte[] frame, int length) => frame[..length];

    /// <summary>With octets behind the packet, as Ethernet fills up short frames.</summary>
    public static byte[] Padded(this byte[] frame, int octets) => [.. frame, .. Enumerable.Repeat((byte)0xee, octets)];

    /// <summary>Octets put in, and the length of the IP header told.</summary>
    public static byte[] WithIpv6Extensions(this byte[] frame, byte first, params byte[] headers) =>
        ((byte[])[.. frame[..Ipv6Transport], .. headers, .. frame[Ipv6Transport..]])
            .With(Ip + 6, first)
            .With16(Ip + 4, frame.Length - Ipv6Transport + headers.Length);

    /// <summary>IPv4 options put in, and the lengths told; a multiple of four octets.</summary>
    public static byte[] WithIpv4Options(this byte[] frame, params byte[] options) =>
        ((byte[])[.. frame[..Ipv4Transport], .. options, .. frame[Ipv4Transport..]])
            .With(Ip, (byte)(0x45 + options.Length / 4))
            .With16(Ip + 2, frame.Read16(Ip + 2) + options.Length);

    /// <summary>
    /// One part of the datagram in an IPv4 frame: <paramref name="length"/> octets from <paramref name="offset"/> on.
    /// </summary>
    public static byte[] Ipv4Part(this byte[] frame, int id, int offset, int length, bool more) =>
        ((byte[])[.. frame[..Ipv4Transport], .. Slice(frame[Ipv4Transport..], offset, length)])
            .With16(Ip + 2, 20 + length)
            .With16(Ip + 4, id)
            .With16(Ip + 6, (more ? 0x2000 : 0) | offset / 8);

    /// <summary>The same of IPv6, with a fragment header (RFC 8200 section 4.5).</summary>
    public static byte[] Ipv6Part(this byte[] frame, int id, int offset, int length, bool more)
    {
        byte[] header = [frame[Ip + 6], 0, 0, 0, 0, 0, (byte)(id >> 8), (byte)id];
        return ((byte[])[.. frame[..Ipv6Transport], .. header, .. Slice(frame[Ipv6Transport..], offset, length)])
            .With(Ip + 6, 44)
            .With16(Ip + 4, 8 + length)
            .With16(Ipv6Transport + 2, offset | (more ? 1 : 0));
    }

    /// <summary>Beyond the datagram there are zeros: what is said of a part does not depend on them.</summary>
    private static IEnumerable<byte> Slice(byte[] datagram, int offset, int length) =>
        Enumerable.Range(offset, length).Select(at => at < datagram.Length ? datagram[at] : (byte)0);
}
