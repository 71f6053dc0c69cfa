using System.Buffers.Binary;
using System.Runtime.InteropServices;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;
using EbpfPersonas.TestKit.RuleSets;

namespace EbpfPersonas.Benchmarks.Hook;

/// <summary>struct bench_tuple of bpf/tests/bench/tuples.h: an ingress packet, as the programs write it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BenchTuple
{
    /// <summary>BENCH_TUPLE_COUNT.</summary>
    public const int Count = 131072;

    private static readonly IpAddress LocalV4 = IpAddress.Parse("198.51.100.7");
    private static readonly IpAddress LocalV6 = IpAddress.Parse("2001:db8:ffff::7");
    private static readonly AddressWords LocalWordsV4 = AddressWords.From(LocalV4);
    private static readonly AddressWords LocalWordsV6 = AddressWords.From(LocalV6);

    public AddressWords Source;
    public AddressWords Destination;
    public uint Transport;
    public byte Protocol;
    public byte TcpFlags;
    public ushort Checksum;

    /// <summary>
    /// The array that programs play: <paramref name="tuples"/>, repeated to fill it, TCP with these flags.
    /// </summary>
    public static BenchTuple[] Fill(IReadOnlyList<TrafficTuple> tuples, TcpControl flags)
    {
        var filled = new BenchTuple[Count];
        var distinct = Math.Min(tuples.Count, Count);
        for (var i = 0; i < distinct; i++)
        {
            filled[i] = From(tuples[i], flags);
        }

        for (var i = distinct; i < Count; i++)
        {
            filled[i] = filled[i - distinct];
        }

        return filled;
    }

    /// <summary>The frame that the programs write into: TCP, so that there is room for any of the headers.</summary>
    public static byte[] Frame(bool isV6)
    {
        var frame = TestKit.Cases.Frame.Build(new CasePacket
        {
            Direction = Direction.Ingress,
            Protocol = IpProtocol.Tcp,
            Remote = isV6 ? LocalV6 : LocalV4,
        });
        // All zero is the loopback interface's own address: the stack takes the frame as sent to it.
        frame.AsSpan(0, 12).Clear();
        // Where TCP has its sequence number, UDP has its length: 20 octets for both.
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(frame.Length - 16), 20 << 16);
        return frame;
    }

    private static BenchTuple From(TrafficTuple tuple, TcpControl flags)
    {
        Span<byte> transport = stackalloc byte[4];
        if (tuple.Protocol is IpProtocol.Icmp or IpProtocol.IcmpV6)
        {
            (transport[0], transport[1]) = (tuple.IcmpType, tuple.IcmpCode);
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(transport, tuple.OriginatorPort);
            BinaryPrimitives.WriteUInt16BigEndian(transport[2..], tuple.Port);
        }

        var made = new BenchTuple
        {
            Source = AddressWords.From(tuple.Peer),
            Destination = tuple.Peer.IsV6 ? LocalWordsV6 : LocalWordsV4,
            Transport = MemoryMarshal.Read<uint>(transport),
            Protocol = tuple.Protocol,
            TcpFlags = (byte)flags,
        };
        made.Checksum = tuple.Peer.IsV6 ? (ushort)0 : HeaderChecksum(made);
        return made;
    }

    /// <summary>Of the header in <see cref="Frame"/> with this tuple in it; in the order of memory.</summary>
    private static ushort HeaderChecksum(in BenchTuple tuple)
    {
        Span<byte> header = stackalloc byte[20];
        TemplateHeader.CopyTo(header);
        header[9] = tuple.Protocol;
        header[10..12].Clear();
        MemoryMarshal.Write(header[12..], tuple.Source[0]);
        MemoryMarshal.Write(header[16..], tuple.Destination[0]);
        return BinaryPrimitives.ReverseEndianness(TestKit.Cases.Checksum.Internet(header));
    }

    private static readonly byte[] TemplateHeader = Frame(isV6: false)[14..34];
}
