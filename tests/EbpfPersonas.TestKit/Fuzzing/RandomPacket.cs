using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.TestKit.Fuzzing;

/// <summary>
/// First packets of flows, drawn to the borders of a persona's rules: most are in a rule, at the first or last address
/// and port of it; many of the others miss it in one respect, by one.
/// </summary>
public static class RandomPacket
{
    /// <summary>Originators speak from here on, so that no packet is the failsafe's by chance.</summary>
    private const int FirstEphemeralPort = 20000;

    /// <summary>What a packet does not have in common with the rule that it was drawn for.</summary>
    private enum Miss
    {
        Nothing,
        Address,
        Port,
        Other,
    }

    public static CasePacket Make(Prng random, Persona persona) => Make(random, new PersonaBorders(persona));

    public static CasePacket Make(Prng random, PersonaBorders borders)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentNullException.ThrowIfNull(borders);
        var rule = borders.Rules.IsEmpty || random.Chance(5) ? null : random.Pick(borders.Rules.AsSpan());
        var miss = random.Below(100) switch
        {
            < 50 => Miss.Nothing,
            < 70 => Miss.Address,
            < 85 => Miss.Port,
            _ => Miss.Other,
        };
        var remote = MakeRemote(random, borders, rule, miss);
        var protocol = MakeProtocol(random, rule, miss, remote);
        var egress = rule is null || (miss == Miss.Other && random.Chance(50))
            ? random.Chance(50)
            : rule.Direction == Direction.Egress;
        var hasPorts = protocol is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp;
        var isIcmp = protocol is IpProtocol.Icmp or IpProtocol.IcmpV6;
        var target = hasPorts ? MakePort(random, borders, rule, miss) : (ushort)0;
        var own = hasPorts ? (ushort)random.Between(FirstEphemeralPort, ushort.MaxValue) : (ushort)0;
        return new CasePacket
        {
            Direction = egress ? Direction.Egress : Direction.Ingress,
            Protocol = protocol,
            Remote = remote,
            RemotePort = egress ? target : own,
            LocalPort = egress ? own : target,
            IcmpType = isIcmp ? MakeIcmpNumber(random, rule?.Icmp?.Type, miss) : (byte)0,
            IcmpCode = isIcmp ? MakeIcmpNumber(random, rule?.Icmp?.Code, miss) : (byte)0,
            EchoId = isIcmp ? (ushort)random.Between(0, ushort.MaxValue) : (ushort)0,
        };
    }

    private static IpAddress MakeRemote(Prng random, PersonaBorders borders, Rule? rule, Miss miss)
    {
        var own = rule?.Peers ?? [];
        if (miss == Miss.Address && rule is { Except.IsEmpty: false } && random.Chance(50))
        {
            own = rule.Except;
        }

        var prefixes = own.IsEmpty || (miss == Miss.Address && random.Chance(30)) ? borders.Prefixes : own;
        if (prefixes.IsEmpty || (rule is null && random.Chance(20)))
        {
            return RandomPersona.Address(random);
        }

        var prefix = random.Pick(prefixes.AsSpan());
        var mask = Prefix.Mask(prefix.Address.IsV6, prefix.Address.Width);
        var bits = (miss == Miss.Address ? random.Below(5) : random.Below(3)) switch
        {
            0 => prefix.Address.Bits,
            1 => prefix.Last.Bits,
            2 => prefix.Address.Bits
                | (random.NextBits(prefix.Address.Width) & ~Prefix.Mask(prefix.Address.IsV6, prefix.Length)),
            3 => unchecked(prefix.Address.Bits - 1),
            _ => unchecked(prefix.Last.Bits + 1),
        };
        return prefix.Address with { Bits = bits & mask };
    }

    private static byte MakeProtocol(Prng random, Rule? rule, Miss miss, IpAddress remote)
    {
        var protocol = miss != Miss.Other && rule?.Protocol is { } named
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

    private static ushort MakePort(Prng random, PersonaBorders borders, Rule? rule, Miss miss)
    {
        var ranges = rule is { Ports.IsEmpty: false } && (miss != Miss.Port || random.Chance(70))
            ? rule.Ports
            : borders.Ports;
        if (ranges.IsEmpty)
        {
            return (ushort)(random.Pick(RandomPersona.Ports) + random.Between(-1, 1));
        }

        var range = random.Pick(ranges.AsSpan());
        return (miss == Miss.Port ? random.Below(5) : random.Below(3)) switch
        {
            0 => range.First,
            1 => range.Last,
            2 => (ushort)random.Between(range.First, range.Last),
            3 => (ushort)(range.First - 1),
            _ => (ushort)(range.Last + 1),
        };
    }

    private static byte MakeIcmpNumber(Prng random, byte? named, Miss miss) => named is { } number && miss != Miss.Other
        ? (byte)(number + (miss == Miss.Port ? random.Between(-1, 1) : 0))
        : random.Pick(RandomPersona.IcmpNumbers);
}
