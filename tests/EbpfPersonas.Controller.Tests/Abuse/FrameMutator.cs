using System.IO.Compression;
using System.Text;

namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>Breaks messages of protocol buffers, and the frames around them.</summary>
internal static class FrameMutator
{
    private static readonly byte[][] Pieces =
    [
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], [0xff, 0xff, 0xff, 0xff, 0x0f], [0x00], [0x80],
        // A group that does not end, an end without a group, a field with the number 0, and one with a wire type that
        // there is not.
        [0x0b], [0x0c], [0x02, 0x01, 0x61], [0x0f],
        // A field that nobody knows, an empty member, a text that is not UTF-8.
        [0xfa, 0x3f, 0x03, 0x61, 0x62, 0x63], [0x0a, 0x00], [0x0a, 0x02, 0xed, 0xa0], [0x12, 0x02, 0xff, 0xfe],
        .. new[] { "\u0000", "\u001b[31m", "../../x", "😀" }.Select(Encoding.UTF8.GetBytes),
    ];

    /// <summary>Up to three changes of a message.</summary>
    public static byte[] Message(byte[] seed, Random random)
    {
        var message = new List<byte>(seed);
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var at = random.Next(message.Count + 1);
            var length = random.Next(Math.Min(6, message.Count - at) + 1);
            switch (random.Next(7))
            {
                case 0:
                    message.RemoveRange(at, length);
                    break;
                case 1:
                    message.InsertRange(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                case 2 when at < message.Count:
                    message[at] = (byte)random.Next(256);
                    break;
                case 3 when at < message.Count:
                    message[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 4:
                    message.InsertRange(random.Next(message.Count + 1), message.GetRange(at, length));
                    break;
                case 5:
                    message.InsertRange(at, Enumerable.Repeat((byte)0x0b, random.Next(300)));
                    break;
                default:
                    message.RemoveRange(at, message.Count - at);
                    break;
            }
        }

        return [.. message];
    }

    /// <summary>A frame of a message, in one of three cases broken, with the encoding that the call names.</summary>
    public static (byte[] Frame, string? Encoding) Frame(byte[] message, Random random)
    {
        var frame = RawCalls.Frame(message);
        return random.Next(24) switch
        {
            0 => (RawCalls.Frame(message, length: (uint)message.Length + (uint)random.Next(1, 100)), null),
            1 => (RawCalls.Frame(message, length: (uint)random.Next(message.Length + 1)), null),
            2 => (RawCalls.Frame(message, length: uint.MaxValue - (uint)random.Next(100)), null),
            3 => (RawCalls.Frame(message, compressed: 1), random.Next(2) == 0 ? null : "gzip"),
            4 => (RawCalls.Frame(Gzip(message), compressed: 1), "gzip"),
            5 => (RawCalls.Frame(message, compressed: (byte)random.Next(2, 256)), null),
            6 => (frame[..random.Next(frame.Length)], null),
            7 => ([.. frame, .. frame[..random.Next(frame.Length)]], random.Next(2) == 0 ? null : "identity"),
            _ => (frame, null),
        };
    }

    public static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }
}
