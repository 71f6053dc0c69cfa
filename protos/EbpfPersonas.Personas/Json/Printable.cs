using System.Globalization;
using System.Text;
using EbpfPersonas.Personas.Identity;

namespace EbpfPersonas.Personas.Json;

/// <summary>Text that is safe to show on a terminal and in a log; it is without <see cref="SecretText"/>.</summary>
internal static class Printable
{
    /// <summary>
    /// The first character that could move a cursor, start an escape sequence or turn the reading direction (C0, C1,
    /// line and paragraph separators, format characters), or null.
    /// </summary>
    public static Rune? FirstUnprintable(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned)
            {
                return rune;
            }
        }

        return null;
    }

    /// <summary>Somebody else's text with every unprintable character as a question mark.</summary>
    public static string Clean(string text) => string.Concat(
        SecretText.Mask(text).EnumerateRunes()
            .Select(rune => FirstUnprintable(rune.ToString()) is null ? rune.ToString() : "?"));

    /// <summary>
    /// Somebody else's text in one of our sentences: quoted, cut at 64 characters, the unprintable as \u{hex}.
    /// </summary>
    public static string Quote(string text)
    {
        text = SecretText.Mask(text);
        var quoted = new StringBuilder("'");
        foreach (var rune in text.EnumerateRunes().Take(64))
        {
            if (FirstUnprintable(rune.ToString()) is not null)
            {
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
            }
            else
            {
                quoted.Append(rune.ToString());
            }
        }

        return quoted.Append(text.Length > 64 ? "...'" : "'").ToString();
    }
}
