using System.Buffers.Binary;

namespace EbpfPersonas.TestKit.Cases;

/// <summary>The checksums of the internet protocols.</summary>
public static class Checksum
{
    /// <summary>
    /// Ones' complement of the ones' complement sum of 16-bit words (RFC 1071), an odd last octet padded with zero.
    /// </summary>
    public static ushort Internet(ReadOnlySpan<byte> data)
    {
        uint sum = 0;
        for (; data.Length >= 2; data = data[2..])
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(data);
        }

        sum += data.Length == 1 ? (uint)data[0] << 8 : 0;
        while (sum > 0xffff)
        {
            sum = (sum & 0xffff) + (sum >> 16);
        }

        return (ushort)~sum;
    }

    /// <summary>CRC32c as SCTP uses it (RFC 9260 appendix A), to be stored with the lowest octet first.</summary>
    public static uint Crc32C(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var octet in data)
        {
            crc ^= octet;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78u);
            }
        }

        return ~crc;
    }
}
