using System.Buffers.Binary;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.TestKit.Kernel;

/// <summary>The answer to a rejected packet, read from its frame, which is held to the standards meanwhile.</summary>
public sealed class AnswerFrame
{
    private const int EthernetLength = 14;

    private readonly byte[] _frame;
    private readonly bool _isV6;

    private AnswerFrame(byte[] frame)
    {
        _frame = frame;
        _isV6 = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(12)) == 0x86dd;
    }

    /// <summary>Destination and source, as they are in the frame.</summary>
    public byte[] HardwareAddresses => _frame[..12];

    public IpAddress Source => Address(_isV6 ? 8 : 12);

    public IpAddress Destination => Address(_isV6 ? 24 : 16);

    public byte Protocol => Ip[_isV6 ? 6 : 9];

    /// <summary>What stands behind the IP header.</summary>
    public byte[] Message => Ip[(_isV6 ? 40 : 20)..].ToArray();

    private ReadOnlySpan<byte> Ip => _frame.AsSpan(EthernetLength);

    /// <summary>Throws <see cref="FormatException"/> where a header, a length or a checksum is wrong.</summary>
    public static AnswerFrame Read(byte[] frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var answer = new AnswerFrame(frame);
        answer.Check();
        return answer;
    }

    private void Check()
    {
        var length = BinaryPrimitives.ReadUInt16BigEndian(Ip[(_isV6 ? 4 : 2)..]);
        Require(length == (_isV6 ? Message.Length : Ip.Length), "The length is not the frame's.");
        if (_isV6)
        {
            Require(Ip[0] == 0x60, "This is no IPv6 header.");
        }
        else
        {
            Require(Ip[0] == 0x45 && Checksum.Internet(Ip[..20]) == 0, "The IPv4 header is wrong.");
        }

        Require(Ip[_isV6 ? 7 : 8] == 64, "The hop limit is not 64.");
        var covered = Protocol == IpProtocol.Icmp ? Message : [.. PseudoHeader(), .. Message];
        Require(Checksum.Internet(covered) == 0, "The checksum is wrong.");
        Require(
            Protocol switch
            {
                IpProtocol.Tcp => Message.Length == 20 && Message[12] == 0x50,
                IpProtocol.Icmp => !_isV6 && Message[0] == 3 && Message.AsSpan(4, 4).IndexOfAnyExcept((byte)0) < 0,
                IpProtocol.IcmpV6 => _isV6 && Message[0] == 1 && Message.AsSpan(4, 4).IndexOfAnyExcept((byte)0) < 0,
                _ => false,
            },
            "This is neither a TCP header nor an error that says unreachable.");
    }

    /// <summary>RFC 9293 section 3.1, RFC 8200 section 8.1.</summary>
    private byte[] PseudoHeader() =>
    [
        .. Source.ToBytes(), .. Destination.ToBytes(),
        0, 0, (byte)(Message.Length >> 8), (byte)Message.Length, 0, 0, 0, Protocol,
    ];

    private IpAddress Address(int at) => IpAddress.FromBytes(Ip.Slice(at, _isV6 ? 16 : 4));

    private void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new FormatException($"{otherwise} {Convert.ToHexString(_frame)}");
        }
    }
}
