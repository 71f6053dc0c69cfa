using System.Text;
using System.Text.RegularExpressions;

namespace EbpfPersonas.Personas.Identity;

/// <summary>
/// Secrets that somebody put where they do not belong: into an address, a document, a setting. Text of others gets into
/// no log, audit or answer but by <see cref="Mask"/>.
/// </summary>
internal static partial class SecretText
{
    /// <summary>What stands in place of a secret.</summary>
    public const string Masked = "(secret)";

    /// <summary>
    /// The text without tokens of callers and of enrolment, also where only a part of one stands there, and without
    /// signed tokens (RFC 7515 section 7.1). A token's id stays: it says which one to make useless.
    /// </summary>
    public static string Mask(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Signed().Replace(Own().Replace(text, "$1" + Masked), Masked);
    }

    /// <summary>Whether most of a token stands somewhere in a text in UTF-8.</summary>
    public static bool IsIn(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IndexOf("ebpfp_"u8) < 0 && utf8.IndexOf("eyJ"u8) < 0)
        {
            return false;
        }

        var text = Encoding.Latin1.GetString(utf8);
        return MostOfOwn().IsMatch(text) || Signed().IsMatch(text);
    }

    [GeneratedRegex("((?:ebpfp_api_|ebpfp_enrol_)(?:[0-9a-f]{16}_)?)[0-9a-z_]+", RegexOptions.IgnoreCase)]
    private static partial Regex Own();

    [GeneratedRegex("(?:ebpfp_api_|ebpfp_enrol_)[0-9a-f]{16}_[0-9a-f]{8}", RegexOptions.IgnoreCase)]
    private static partial Regex MostOfOwn();

    // From the beginning of a word alone, so that a long text takes no longer for each letter of it.
    [GeneratedRegex(@"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")]
    private static partial Regex Signed();
}
