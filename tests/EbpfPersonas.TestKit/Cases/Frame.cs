using System.Buffers.Binary;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.Cases;

/// <summary>
/// The Ethernet frame of a packet, with every length and checksum right (but for what <see cref="CasePacket.Cut"/>
/// takes away). Long enough for BPF_PROG_TEST_RUN, which asks for 14 octets, and for the whole IP header behind them.
/// </summary>
public static class Frame
{
    private const int EthernetLength = 14;
    private const int Ipv6Length = 40;
    private const byte FragmentHeader = 44;

    /// <summary>Of a later fragment, in units of 8 octets: 1480 octets came before.</summary>
    private const int LaterOffset = 185;

    /// <summary>Ethernet header and IP packet.</summary>
    public static byte[] Build(CasePacket packet)
    {
        ArgumentNullException.ThrowIfNull(packet);
        var ip = BuildIp(packet);
        var frame = new byte[EthernetLength + ip.Length];
        // Locally administered, unicast (IEEE 802): the VM's and its neighbour's.
        ReadOnlySpan<byte> vm = [0x02, 0, 0, 0, 0, 5];
        ReadOnlySpan<byte> neighbour = [0x02, 0, 0, 0, 0, 1];
        var egress = packet.Direction == Direction.Egress;
        (egress ? neighbour : vm).CopyTo(frame);
        (egress ? vm : neighbour).CopyTo(frame.AsSpan(6));
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), (ushort)(packet.Remote.IsV6 ? 0x86dd : 0x0800));
        ip.CopyTo(frame, EthernetLength);
        return frame;
    }

    /// <summary>The IP packet alone.</summary>
    public static byte[] BuildIp(CasePacket packet)
    {
        ArgumentNullException.ThrowIfNull(packet);
        var transport = packet.Fragment == Fragment.Later
            ? new byte[8 + packet.PayloadLength]
            : Transport.Build(packet);
        byte[] whole = packet.Remote.IsV6
            ? [.. Ipv6Headers(packet, transport.Length), .. transport]
            : [.. Ipv4Header(packet, transport.Length), .. transport];
        return packet.Cut is { } cut ? whole[..Math.Min(whole.Length, whole.Length - transport.Length + cut)] : whole;
    }

    /// <summary>RFC 791 section 3.1.</summary>
    private static byte[] Ipv4Header(CasePacket packet, int transportLength)
    {
        var header = new byte[20 + packet.OptionsLength];
        header[0] = (byte)(0x40 | (header.Length / 4));
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), (ushort)(header.Length + transportLength));
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(6), packet.Fragment switch
        {
            Fragment.First => 0x2000,
            Fragment.Later => LaterOffset,
            _ => 0x4000, // do not fragment
        });
        header[8] = packet.HopLimit;
        header[9] = packet.Protocol;
        packet.Source.ToBytes().CopyTo(header, 12);
        packet.Destination.ToBytes().CopyTo(header, 16);
        header.AsSpan(20).Fill(1); // No Operation, so that a reader who skips no options sees ports 257
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(10), Checksum.Internet(header));
        return header;
    }

    /// <summary>RFC 8200 sections 3 and 4.</summary>
    private static byte[] Ipv6Headers(CasePacket packet, int transportLength)
    {
        byte[] chain = packet.Fragment == Fragment.Whole
            ? [.. packet.Extensions, packet.Protocol]
            : [.. packet.Extensions, FragmentHeader, packet.Protocol];
        List<byte> extensions = [];
        for (var i = 0; i + 1 < chain.Length; i++)
        {
            extensions.AddRange(Extension(chain[i], chain[i + 1], packet.Fragment));
        }

        var header = new byte[Ipv6Length];
        header[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(4), (ushort)(extensions.Count + transportLength));
        header[6] = chain[0];
        header[7] = packet.HopLimit;
        packet.Source.ToBytes().CopyTo(header, 8);
        packet.Destination.ToBytes().CopyTo(header, 24);
        return [.. header, .. extensions];
    }

    private static byte[] Extension(byte kind, byte next, Fragment fragment) => kind switch
    {
        // RFC 8200 section 4.5: reserved, offset and M, identification.
        FragmentHeader when fragment == Fragment.First => [next, 0, 0, 1, 0, 0, 0, 7],
        FragmentHeader => [next, 0, LaterOffset >> 5, (LaterOffset & 31) << 3, 0, 0, 0, 7],
        // RFC 4302 section 2.2: 24 octets are 6 words, written as 4.
        51 => [next, 4, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, .. new byte[12]],
        // RFC 8200 section 4.4: type 253 is for experiments (RFC 4727), no segments are left.
        43 => [next, 0, 253, 0, 0, 0, 0, 0],
        // Hop-by-hop and destination options: one PadN of 12 octets, so that the length octet is not 0.
        _ => [next, 1, 1, 12, .. new byte[12]],
    };
}
