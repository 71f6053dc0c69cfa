using System.Net;

namespace EbpfPersonas.Agent.Settings;

/// <summary>Where the controller is, as the operator writes it.</summary>
internal static class ControllerAddress
{
    /// <summary>
    /// Scheme, host and port; throws <see cref="FormatException"/>, also for plain HTTP beyond loopback unless it is
    /// allowed.
    /// </summary>
    public static Uri Parse(string text, bool allowPlaintext)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri)
            || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)
            || uri.Host.Length == 0 || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
        {
            throw new FormatException("is http:// or https:// with a host and a port, and nothing behind it");
        }

        return uri.Scheme == Uri.UriSchemeHttps || allowPlaintext || IsLoopback(uri)
            ? uri
            : throw new FormatException(
                $"plain HTTP to {uri.Host} would show and trust everything on the way; "
                + "use https, or set allow_plaintext");
    }

    /// <summary>The address where the host is one; null where it is a name.</summary>
    public static IPAddress? LiteralOf(Uri controller) =>
        IPAddress.TryParse(controller.Host.Trim('[', ']'), out var address) ? address : null;

    private static bool IsLoopback(Uri uri) =>
        LiteralOf(uri) is { } address ? IPAddress.IsLoopback(address) : uri.Host == "localhost";
}
