using System.Text;

namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>Breaks JSON: much of it stays JSON, some of it UTF-8 alone, and some not even that.</summary>
internal static class JsonMutator
{
    private static readonly string[] Pieces =
    [
        "null", "true", "-1", "1e999", "0.5", "\"\"", "\"\\ud800\"", "\"\\u001b[31m\"", "[]", "{}", "[[[[]]]]",
        "{\"a\":{}}", "99999999999999999999", "[null]", "\"DENY\"", "1",
        "\"deny, allow\"", "\"::ffff:1.2.3.4\"", "\"10.0.0.0/33\"", ",", ":", "\"", "{", "}", "\\", "\"name\":\"x\",",
        "\"\\u006eame\":\"x\",", "\u0000", "é", "\ufeff",
    ];

    /// <summary>Up to three changes of the text.</summary>
    public static string Text(string seed, Random random)
    {
        var text = new StringBuilder(seed);
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var at = random.Next(text.Length);
            var length = random.Next(Math.Min(6, text.Length - at));
            switch (random.Next(5))
            {
                case 0:
                    text.Remove(at, length);
                    break;
                case 1:
                    text.Insert(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                case 2:
                    text[at] = (char)random.Next(1, 128);
                    break;
                case 3:
                    text.Insert(random.Next(text.Length), text.ToString(at, length));
                    break;
                default:
                    ReplaceValue(text, random);
                    break;
            }
        }

        return text.ToString();
    }

    /// <summary>As <see cref="Text"/>, and every fourth of it broken as octets too.</summary>
    public static byte[] Bytes(string seed, Random random)
    {
        var bytes = Encoding.UTF8.GetBytes(Text(seed, random));
        switch (random.Next(20))
        {
            case 0:
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                return bytes;
            case 1:
                return bytes[..random.Next(bytes.Length)];
            case 2:
                return [.. bytes, .. bytes];
            case 3:
                return [0xef, 0xbb, 0xbf, .. bytes];
            case 4:
                var depth = random.Next(1, 2000);
                return [.. Enumerable.Repeat((byte)'[', depth), .. bytes, .. Enumerable.Repeat((byte)']', depth)];
            default:
                return bytes;
        }
    }

    /// <summary>Puts another value where one stands, so that many mutants are still JSON.</summary>
    private static void ReplaceValue(StringBuilder text, Random random)
    {
        var whole = text.ToString();
        var colons = Enumerable.Range(0, whole.Length).Where(index => whole[index] == ':').ToArray();
        if (colons.Length == 0)
        {
            return;
        }

        var from = colons[random.Next(colons.Length)] + 1;
        var to = whole.IndexOfAny([',', '}', ']'], from);
        if (to > from)
        {
            text.Remove(from, to - from).Insert(from, Pieces[random.Next(Pieces.Length)]);
        }
    }
}
