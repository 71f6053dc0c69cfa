using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Settings;

/// <summary>The operator's list of flows that no persona may stop, for example ssh from a management network.</summary>
internal static class FailsafeSetting
{
    private const int FlowsMax = 40;

    /// <summary>
    /// Reads a JSON list of {"direction": "ingress", "protocol": "tcp", "port": 22, "peer": "10.9.0.0/16"}. Protocol:
    /// tcp, udp, sctp, icmp, icmpv6 or 0-255; port: a number or "first-last", absent = all; peer: CIDR, address or
    /// "any". Throws <see cref="FormatException"/>.
    /// </summary>
    public static ImmutableArray<FailsafeFlow> Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                throw new FormatException("is a JSON list");
            }

            ImmutableArray<FailsafeFlow> flows = [.. document.RootElement.EnumerateArray().SelectMany(ParseEntry)];
            return flows.Length <= FlowsMax
                ? flows
                : throw new FormatException($"has at most {FlowsMax} entries, and an entry for \"any\" counts twice");
        }
        catch (JsonException malformed)
        {
            throw new FormatException(malformed.Message);
        }
    }

    private static IEnumerable<FailsafeFlow> ParseEntry(JsonElement entry, int index)
    {
        if (entry.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException($"/{index} is an object");
        }

        var unknown = entry.EnumerateObject()
            .FirstOrDefault(field => field.Name is not ("direction" or "protocol" or "port" or "peer"));
        if (unknown.Value.ValueKind != JsonValueKind.Undefined)
        {
            throw new FormatException(
                $"/{index}/{unknown.Name} is not known; an entry has direction, protocol, port and peer");
        }

        var direction = TextOf(entry, "direction", index) switch
        {
            "ingress" => Direction.Ingress,
            "egress" => Direction.Egress,
            _ => throw new FormatException($"/{index}/direction is ingress or egress"),
        };
        var protocol = ParseProtocol(TextOf(entry, "protocol", index)) ?? throw new FormatException(
            $"/{index}/protocol is tcp, udp, sctp, icmp, icmpv6 or 0-255");
        var ports = TextOf(entry, "port", index) is { } text
            ? ParsePorts(text) ?? throw new FormatException($"/{index}/port is 0-65535 or \"first-last\"")
            : PortRange.All;
        if (ports != PortRange.All && protocol is not (IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp))
        {
            throw new FormatException($"/{index}/port goes with tcp, udp or sctp");
        }

        var peers = ParsePeers(TextOf(entry, "peer", index)) ?? throw new FormatException(
            $"/{index}/peer is an address, a CIDR or \"any\"");
        return peers.Select(peer => new FailsafeFlow(direction, protocol, peer, ports));
    }

    private static string? TextOf(JsonElement entry, string field, int index) =>
        !entry.TryGetProperty(field, out var value)
        ? null
        : value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => throw new FormatException($"/{index}/{field} is a string or a number"),
        };

    private static byte? ParseProtocol(string? text) => text switch
    {
        "tcp" => IpProtocol.Tcp,
        "udp" => IpProtocol.Udp,
        "sctp" => IpProtocol.Sctp,
        "icmp" => IpProtocol.Icmp,
        "icmpv6" => IpProtocol.IcmpV6,
        _ => byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null,
    };

    private static PortRange? ParsePorts(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var (first, last) = dash < 0 ? (text, text) : (text[..dash], text[(dash + 1)..]);
        return ushort.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var from)
            && ushort.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var to) && from <= to
            ? new PortRange(from, to)
            : null;
    }

    private static Prefix[]? ParsePeers(string? text)
    {
        if (text == "any")
        {
            return [new Prefix(IpAddress.Parse("0.0.0.0"), 0), new Prefix(IpAddress.Parse("::"), 0)];
        }

        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        if (!IpAddress.TryParse(slash < 0 ? text : text.AsSpan(0, slash), out var address))
        {
            return null;
        }

        if (slash < 0)
        {
            return [new Prefix(address, address.Width)];
        }

        return int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            && length <= address.Width
            ? [new Prefix(address, length)]
            : null;
    }
}
