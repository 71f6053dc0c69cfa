using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace EbpfPersonas.Personas.Model;

/// <summary>
/// An IPv4 or IPv6 address as a number: 32 or 128 bits in <paramref name="Bits"/>, the first octet highest.
/// </summary>
public readonly record struct IpAddress(bool IsV6, UInt128 Bits)
{
    /// <summary>Number of bits in an address of this family: 32 or 128.</summary>
    public int Width => IsV6 ? 128 : 32;

    /// <summary>
    /// Reads the textual form: IPv4 as four decimal numbers without leading zeros, IPv6 as in RFC 4291 section 2.2
    /// without a scope. Forms that <see cref="IPAddress"/> also takes ("10.1", "0x0a000001", "010.0.0.1") are refused.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out IpAddress address)
    {
        address = default;
        if (text.Contains(':'))
        {
            if (text.ContainsAny('%', '[', ']') || !IPAddress.TryParse(text, out var parsed))
            {
                return false;
            }

            address = From(parsed);
            return true;
        }

        uint bits = 0;
        var octets = 0;
        foreach (var part in text.Split('.'))
        {
            var digits = text[part];
            if (++octets > 4 || digits.Length is 0 or > 3 || (digits.Length > 1 && digits[0] == '0') ||
                digits.ContainsAnyExceptInRange('0', '9') || !byte.TryParse(digits, out var octet))
            {
                return false;
            }

            bits = (bits << 8) | octet;
        }

        address = new IpAddress(false, bits);
        return octets == 4;
    }

    /// <summary>As <see cref="TryParse"/>; throws <see cref="FormatException"/>.</summary>
    public static IpAddress Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var address) ? address : throw new FormatException($"'{text}' is not an IP address.");

    /// <summary>
    /// From 4 or 16 octets in network order; throws <see cref="ArgumentException"/> for any other number.
    /// </summary>
    public static IpAddress FromBytes(ReadOnlySpan<byte> octets) => octets.Length switch
    {
        4 => new IpAddress(false, BinaryPrimitives.ReadUInt32BigEndian(octets)),
        16 => new IpAddress(true, BinaryPrimitives.ReadUInt128BigEndian(octets)),
        _ => throw new ArgumentException($"An address has 4 or 16 octets, not {octets.Length}.", nameof(octets)),
    };

    /// <summary>From the BCL's type; a scope id is dropped.</summary>
    public static IpAddress From(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return FromBytes(address.GetAddressBytes());
    }

    /// <summary>4 or 16 octets in network order.</summary>
    public byte[] ToBytes()
    {
        var octets = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(octets, Bits);
        return IsV6 ? octets : octets[12..];
    }

    /// <summary>The BCL's type, for sockets.</summary>
    public IPAddress ToIPAddress() => new(ToBytes());

    /// <summary>The family as sockets name it.</summary>
    public AddressFamily Family => IsV6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;

    /// <summary>The textual form (RFC 5952 for IPv6).</summary>
    public override string ToString() => ToIPAddress().ToString();
}
