using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// First packets of flows at the borders of a persona's rules: the first and last address, port and ICMP type, and
/// those just outside. Always the same ones for one revision of a persona.
/// </summary>
internal static class BorderPackets
{
    /// <summary>The ways to stand at a rule's borders: inside at both ends, and outside at both.</summary>
    private const int Places = 4;

    /// <summary>
    /// <paramref name="count"/> packets for rules that lie evenly in the persona's order; the next revision begins with
    /// another rule.
    /// </summary>
    public static IEnumerable<Packet> Of(Persona persona, int count)
    {
        var rules = persona.Rules;
        for (var i = 0; i < count; i++)
        {
            if (rules.IsEmpty)
            {
                yield return At(i % 2 == 0 ? Direction.Ingress : Direction.Egress, i);
                continue;
            }

            var step = (ulong)i * (ulong)rules.Length / (ulong)count;
            yield return At(rules[(int)((step + persona.Revision) % (ulong)rules.Length)], i);
        }
    }

    private static Packet At(Direction direction, int variant) =>
        new(direction, IpProtocol.Tcp, Anywhere(variant / 2), Port: (ushort)variant);

    /// <summary>
    /// The address and the port go through their places at different speeds, so that all pairs occur.
    /// </summary>
    private static Packet At(Rule rule, int variant)
    {
        var addressPlace = variant % Places;
        var keyPlace = variant / Places % Places;
        var peer = AddressOf(rule, variant, addressPlace);
        var protocol = rule.Protocol
            ?? (rule.Icmp is null ? IpProtocol.Tcp : peer.IsV6 ? IpProtocol.IcmpV6 : IpProtocol.Icmp);
        var packet = new Packet(rule.Direction, protocol, peer);
        return packet with
        {
            Port = !packet.HasPorts ? (ushort)0
                : rule.Ports.IsEmpty ? (ushort)variant
                : PortOf(rule.Ports[variant % rule.Ports.Length], keyPlace),
            IcmpType = packet.IsIcmp ? Beside(rule.Icmp?.Type, keyPlace) : (byte)0,
            IcmpCode = packet.IsIcmp ? Beside(rule.Icmp?.Code, addressPlace) : (byte)0,
        };
    }

    private static IpAddress AddressOf(Rule rule, int variant, int place)
    {
        var prefixes = rule.Except.IsEmpty || variant % 2 == 0 ? rule.Peers : rule.Except;
        if (prefixes.IsEmpty)
        {
            return Anywhere(variant);
        }

        var prefix = prefixes[variant % prefixes.Length];
        var all = Prefix.Mask(prefix.Address.IsV6, prefix.Address.Width);
        var bits = place switch
        {
            0 => prefix.Address.Bits,
            1 => prefix.Last.Bits,
            2 => unchecked(prefix.Address.Bits - 1),
            _ => unchecked(prefix.Last.Bits + 1),
        };
        return prefix.Address with { Bits = bits & all };
    }

    private static IpAddress Anywhere(int variant) => variant % 2 == 0
        ? IpAddress.Parse("198.51.100.7")
        : IpAddress.Parse("2001:db8::7");

    private static ushort PortOf(PortRange range, int place) => unchecked((ushort)(place switch
    {
        0 => range.First,
        1 => range.Last,
        2 => range.First - 1,
        _ => range.Last + 1,
    }));

    private static byte Beside(byte? number, int place) =>
        unchecked((byte)((number ?? 0) + (place < 2 ? 0 : place - 1)));
}
