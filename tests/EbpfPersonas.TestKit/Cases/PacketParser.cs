using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.Cases;

/// <summary>
/// Reads one packet: <c>protocol source &gt; destination [key=value ...] [quoting packet]</c>. One end is <c>local</c>.
/// Keys: <c>flags</c>, <c>seq</c>, <c>ack</c>, <c>win</c>, <c>scale</c>, <c>type</c>,
/// <c>code</c>, <c>id</c>, <c>hop</c>, <c>payload</c>, <c>frag</c>, <c>options</c>,
/// <c>ext</c>,
/// <c>cut</c> (see <see cref="CasePacket"/>). Throws <see cref="FormatException"/> for anything else.
/// </summary>
public static class PacketParser
{
    private const string Local = "local";

    public static CasePacket Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Parse(text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    private static CasePacket Parse(ReadOnlySpan<string> words)
    {
        if (words.Length < 4 || words[2] != ">")
        {
            throw new FormatException("A packet reads 'protocol source > destination'.");
        }

        var protocol = PacketWords.Protocol(words[0]);
        var source = Endpoint(words[1]);
        var destination = Endpoint(words[3]);
        if (source.Address is null == destination.Address is null)
        {
            throw new FormatException("Exactly one end is 'local'.");
        }

        var egress = source.Address is null;
        var (local, remote) = egress ? (source, destination) : (destination, source);
        var packet = new CasePacket
        {
            Direction = egress ? Direction.Egress : Direction.Ingress,
            Protocol = protocol,
            Remote = remote.Address!.Value,
            RemotePort = remote.Port ?? 0,
            LocalPort = local.Port ?? 0,
        };
        if (packet.HasPorts != local.Port.HasValue || packet.HasPorts != remote.Port.HasValue)
        {
            throw new FormatException(
                $"{words[0]}: {(packet.HasPorts ? "both ends have a port." : "there are no ports.")}");
        }

        return WithKeys(packet, words[4..]);
    }

    private static CasePacket WithKeys(CasePacket packet, ReadOnlySpan<string> words)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < words.Length; i++)
        {
            if (words[i] == "quoting")
            {
                packet = packet with { Quoted = Parse(words[(i + 1)..]) };
                break;
            }

            var equals = words[i].IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 || !seen.Add(words[i][..equals]))
            {
                throw new FormatException($"'{words[i]}' is no key=value, or is there twice.");
            }

            packet = With(packet, words[i][..equals], words[i][(equals + 1)..]);
        }

        if (packet.IsIcmp && !seen.Contains("type"))
        {
            throw new FormatException("An ICMP packet has a type.");
        }

        if (packet.Quoted is { } quoted && (!packet.IsIcmp || quoted.Remote.IsV6 != packet.Remote.IsV6))
        {
            throw new FormatException("Only ICMP quotes, and only a packet of its own family.");
        }

        return packet;
    }

    private static CasePacket With(CasePacket packet, string key, string value) => (key, packet) switch
    {
        ("flags", { Protocol: IpProtocol.Tcp }) => packet with { Flags = PacketWords.TcpControlOf(value) },
        ("seq", { Protocol: IpProtocol.Tcp }) => packet with { Sequence = PacketWords.Word(value, key) },
        ("ack", { Protocol: IpProtocol.Tcp }) => packet with { Acknowledgment = PacketWords.Word(value, key) },
        ("win", { Protocol: IpProtocol.Tcp }) =>
            packet with { Window = (ushort)PacketWords.Number(value, 65535, key) },
        ("scale", { Protocol: IpProtocol.Tcp }) =>
            packet with { WindowScale = (byte)PacketWords.Number(value, 255, key) },
        ("type", { IsIcmp: true }) => packet with { IcmpType = (byte)PacketWords.Number(value, 255, key) },
        ("code", { IsIcmp: true }) => packet with { IcmpCode = (byte)PacketWords.Number(value, 255, key) },
        ("id", { IsIcmp: true }) => packet with { EchoId = (ushort)PacketWords.Number(value, 65535, key) },
        ("hop", _) => packet with { HopLimit = (byte)PacketWords.Number(value, 255, key) },
        ("payload", _) => packet with { PayloadLength = PacketWords.Number(value, 1400, key) },
        ("frag", _) => packet with { Fragment = FragmentOf(value) },
        ("options", { Remote.IsV6: false }) => packet with { OptionsLength = Options(value) },
        ("ext", { Remote.IsV6: true }) =>
            packet with { Extensions = [.. value.Split(',').Select(PacketWords.Extension)] },
        ("cut", _) => packet with { Cut = PacketWords.Number(value, 1400, key) },
        _ => throw new FormatException($"'{key}' does not belong to this packet."),
    };

    private static Fragment FragmentOf(string value) => value switch
    {
        "first" => Fragment.First,
        "later" => Fragment.Later,
        _ => throw new FormatException($"frag is 'first' or 'later', not '{value}'."),
    };

    private static int Options(string value)
    {
        var length = PacketWords.Number(value, 40, "options");
        return length % 4 == 0 ? length : throw new FormatException("IPv4 options come in steps of 4 octets.");
    }

    /// <summary>
    /// "local", "10.0.0.1", "2001:db8::1" or "[2001:db8::1]", each with ":port" but for the bare IPv6 form.
    /// </summary>
    private static (IpAddress? Address, ushort? Port) Endpoint(string word)
    {
        if (IpAddress.TryParse(word, out var bare))
        {
            return (bare, null);
        }

        var host = word;
        ushort? port = null;
        var colon = word.LastIndexOf(':');
        if (colon > word.LastIndexOf(']'))
        {
            host = word[..colon];
            port = (ushort)PacketWords.Number(word[(colon + 1)..], 65535, "port");
        }

        if (host == Local)
        {
            return (null, port);
        }

        var bracketed = host.StartsWith('[') && host.EndsWith(']');
        var address = IpAddress.Parse(bracketed ? host[1..^1] : host);
        return address.IsV6 == bracketed
            ? (address, port)
            : throw new FormatException($"'{word}' is no end of a packet.");
    }
}
