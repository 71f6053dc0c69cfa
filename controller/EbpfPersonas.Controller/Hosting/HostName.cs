using System.Net;

namespace EbpfPersonas.Controller.Hosting;

/// <summary>What a certificate may call a machine: an address, or a DNS name (RFC 1123 section 2.1).</summary>
internal static class HostName
{
    private const int MaxLength = 253;
    private const int MaxLabel = 63;

    public static bool IsValid(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        // "10.1" and "1" are addresses too, by a reading that nobody means.
        return IPAddress.TryParse(name, out var address)
            ? address.ToString().Equals(name, StringComparison.OrdinalIgnoreCase)
            : name.Length <= MaxLength && name.Split('.').All(IsLabel);
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= MaxLabel && label[0] != '-' && label[^1] != '-'
        && label.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-');
}
