using System.Text.Json;

namespace EbpfPersonas.Personas.Json;

/// <summary>
/// Adds and removes members at the end of a JSON object's text without touching a byte of the rest, so that what a
/// client reads back is what it sent.
/// </summary>
internal static class DocumentText
{
    /// <summary>The text of <paramref name="utf8"/> (a JSON object) without the given top-level members.</summary>
    public static byte[] Without(ReadOnlySpan<byte> utf8, params ReadOnlySpan<string> names)
    {
        var members = Scan(utf8, names);
        if (!members.Exists(member => member.Named))
        {
            return utf8.ToArray();
        }

        using var kept = new MemoryStream(utf8.Length);
        kept.Write(utf8[..members[0].Start]);
        var first = true;
        for (var i = 0; i < members.Count; i++)
        {
            if (members[i].Named)
            {
                continue;
            }

            // A member keeps the comma and the white space in front of it, except the one that comes first now.
            kept.Write(utf8[(first ? members[i].Start : members[i - 1].End)..members[i].End]);
            first = false;
        }

        kept.Write(utf8[members[^1].End..]);
        return kept.ToArray();
    }

    /// <summary>
    /// The text of <paramref name="utf8"/> (a JSON object) with <paramref name="members"/> after its last member.
    /// </summary>
    public static byte[] With(ReadOnlySpan<byte> utf8, ReadOnlySpan<byte> members)
    {
        var existing = Scan(utf8, []);
        var end = existing.Count > 0 ? existing[^1].End : utf8.IndexOf((byte)'{') + 1;
        return [.. utf8[..end], .. existing.Count > 0 ? ","u8 : ""u8, .. members, .. utf8[end..]];
    }

    private static List<(int Start, int End, bool Named)> Scan(ReadOnlySpan<byte> utf8, ReadOnlySpan<string> names)
    {
        var members = new List<(int, int, bool)>();
        var reader = new Utf8JsonReader(utf8);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            var named = false;
            foreach (var name in names)
            {
                named |= reader.ValueTextEquals(name);
            }

            reader.Read();
            reader.Skip();
            members.Add((start, (int)reader.BytesConsumed, named));
        }

        return members;
    }
}
