using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Controller.Hosting;

/// <summary>Where to listen, with TLS or plain. Port 0 lets the kernel choose.</summary>
internal sealed record ListenAddress(IPAddress Address, int Port, bool IsTls = false)
{
    private const string Plain = "http://";
    private const string Tls = "https://";

    /// <summary>Whether only this machine can reach it.</summary>
    public bool IsLoopback => IPAddress.IsLoopback(Address);

    /// <summary>
    /// Reads "https://192.0.2.1:7071", "http://[::1]:7070" or "http://localhost:7070"; otherwise says in a sentence
    /// what is wrong.
    /// </summary>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out ListenAddress? address, [NotNullWhen(false)] out string? problem)
    {
        address = null;
        problem = null;
        // Uri would take many other forms, and default to ports 80 and 443.
        var scheme = text.StartsWith(Tls, StringComparison.Ordinal) ? Tls : Plain;
        var rest = text.StartsWith(scheme, StringComparison.Ordinal) ? text[scheme.Length..].TrimEnd('/') : "";
        var colon = rest.LastIndexOf(':');
        var host = colon < 0 ? "" : rest[..colon];
        var literal = host switch
        {
            "localhost" => "127.0.0.1",
            ['[', .. var inner, ']'] => inner,
            _ => host.Contains(':', StringComparison.Ordinal) ? "" : host,
        };
        var ip = IpAddress.TryParse(literal, out var parsed) ? parsed.ToIPAddress() : null;
        if (ip is null
            || !ushort.TryParse(rest[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            problem = $"'{text}' is not an address to listen on, such as http://127.0.0.1:7070.";
            return false;
        }

        address = new ListenAddress(ip, port, scheme == Tls);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{(IsTls ? Tls : Plain)}{new IPEndPoint(Address, Port)}";
}
