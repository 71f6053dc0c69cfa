using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.TestKit.Fuzzing;

/// <summary>
/// First packets of flows, drawn to the borders of a persona's rules: the first and last address and port, and those
/// just outside.
/// </summary>
public static class RandomPacket
{
    /// <summary>Originators speak from here on, so that no packet is the failsafe's by chance.</summary>
    private const int FirstEphemeralPort = 20000;

    public static CasePacket Make(Prng random, Persona persona)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentNullException.ThrowIfNull(persona);
        var rule = persona.Rules.IsEmpty || random.Chance(8) ? null : random.Pick(persona.Rules.AsSpan());
        var remote = MakeRemote(random, persona, rule);
        var protocol = MakeProtocol(random, rule, remote);
        var egress = rule is null || random.Chance(10) ? random.Chance(50) : rule.Direction == Direction.Egress;
        var hasPorts = protocol is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp;
        var isIcmp = protocol is IpProtocol.Icmp or IpProtocol.IcmpV6;
        var target = hasPorts ? MakePort(random, persona, rule) : (ushort)0;
        var own = hasPorts ? (ushort)random.Between(FirstEphemeralPort, ushort.MaxValue) : (ushort)0;
        return new CasePacket
        {
            Direction = egress ? Direction.Egress : Direction.Ingress,
            Protocol = protocol,
            Remote = remote,
            RemotePort = egress ? target : own,
            LocalPort = egress ? own : target,
            IcmpType = isIcmp ? MakeIcmpNumber(random, rule?.Icmp?.Type) : (byte)0,
            IcmpCode = isIcmp ? MakeIcmpNumber(random, rule?.Icmp?.Code) : (byte)0,
            EchoId = isIcmp ? (ushort)random.Between(0, ushort.MaxValue) : (ushort)0,
        };
    }

    private static IpAddress MakeRemote(Prng random, Persona persona, Rule? rule)
    {
        Prefix[] prefixes = rule is not null && random.Chance(80)
            ? [.. rule.Peers, .. rule.Except]
            : [.. persona.Rules.SelectMany(any => any.Peers.Concat(any.Except))];
        if (prefixes.Length == 0)
        {
            return RandomPersona.Address(random);
        }

        var prefix = random.Pick(prefixes);
        var mask = Prefix.Mask(prefix.Address.IsV6, prefix.Address.Width);
        var bits = random.Below(5) switch
        {
            0 => prefix.Address.Bits,
            1 => prefix.Last.Bits,
            2 => unchecked(prefix.Address.Bits - 1),
            3 => unchecked(prefix.Last.Bits + 1),
            _ => prefix.Address.Bits
                | (random.NextBits(prefix.Address.Width) & ~Prefix.Mask(prefix.Address.IsV6, prefix.Length)),
        };
        return prefix.Address with { Bits = bits & mask };
    }

    private static byte MakeProtocol(Prng random, Rule? rule, IpAddress remote)
    {
        var protocol = rule is not null && random.Chance(85) && rule.Protocol is { } named
            ? named
            : random.Below(10) switch
            {
                < 4 => IpProtocol.Tcp,
                < 6 => IpProtocol.Udp,
                6 => IpProtocol.Sctp,
                7 => IpProtocol.Icmp,
                8 => IpProtocol.IcmpV6,
                _ => random.Pick(RandomPersona.OtherProtocols),
            };
        // In IPv6 these are extension headers, which lead to another protocol (RFC 8200 section 4.1).
        return remote.IsV6 && protocol is 0 or 43 or 44 or 51 or 60 && remote.IsV6 ? (byte)47 : protocol;
    }

    private static ushort MakePort(Prng random, Persona persona, Rule? rule)
    {
        PortRange[] ranges = rule is not null && random.Chance(80)
            ? [.. rule.Ports]
            : [.. persona.Rules.SelectMany(any => any.Ports)];
        var port = ranges.Length == 0
            ? random.Pick(RandomPersona.Ports)
            : random.Pick(ranges) is var range && random.Chance(50) ? range.First : range.Last;
        return (ushort)(port + random.Between(-1, 1));
    }

    private static byte MakeIcmpNumber(Prng random, byte? named) => random.Chance(70) && named is { } number
        ? (byte)(number + (random.Chance(80) ? 0 : random.Between(-1, 1)))
        : random.Pick(RandomPersona.IcmpNumbers);
}
