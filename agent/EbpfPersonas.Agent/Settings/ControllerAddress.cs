using System.Net;

namespace EbpfPersonas.Agent.Settings;

/// <summary>Where the controller is, as the operator writes it.</summary>
internal static class ControllerAddress
{
    /// <summary>Scheme, host and port; throws <see cref="FormatException"/>.</summary>
    public static Uri Parse(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps
            && uri.Host.Length > 0 && uri.PathAndQuery == "/" && uri.UserInfo.Length == 0 && uri.Fragment.Length == 0
            ? uri
            : throw new FormatException("is https:// with a host and a port, and nothing behind it");

    /// <summary>The address where the host is one; null where it is a name.</summary>
    public static IPAddress? LiteralOf(Uri controller) =>
        IPAddress.TryParse(controller.Host.Trim('[', ']'), out var address) ? address : null;
}
