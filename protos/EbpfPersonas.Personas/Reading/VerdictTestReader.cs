using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;

namespace EbpfPersonas.Personas.Reading;

/// <summary>Reads one of a document's own <c>tests</c>.</summary>
internal static class VerdictTestReader
{
    public static VerdictTest? Read(Field field)
    {
        if (field.Object("direction", "protocol", "peer", "port", "icmp", "expect") is not { } members)
        {
            return null;
        }

        var direction = members.Require("direction") is { } way ? Vocabulary.Direction(way) : null;
        var protocol = members.Require("protocol") is { } number ? Vocabulary.Protocol(number) : null;
        var peer = members.Require("peer") is { } address ? ReadPeer(address) : null;
        var expect = members.Require("expect")?.Word(("allow", RuleAction.Allow), ("deny", RuleAction.Deny));
        if (protocol == Vocabulary.AnyProtocol)
        {
            members["protocol"]!.Value.Error(FindingCode.BadValue, "A packet has one protocol.");
            protocol = null;
        }

        CheckFamily(members, protocol, peer);
        var port = ReadPort(members, protocol);
        var icmp = ReadIcmp(members, protocol);
        return direction is { } side && protocol is { } known && peer is { } other && expect is { } expected
            ? new VerdictTest(
                new Packet(side, (byte)known, other, port ?? 0, icmp?.Type ?? 0, icmp?.Code ?? 0), expected)
            : null;
    }

    private static IpAddress? ReadPeer(Field field)
    {
        if (PeerReader.ReadPrefix(field) is not { } prefix)
        {
            return null;
        }

        if (prefix.Length == prefix.Address.Width)
        {
            return prefix.Address;
        }

        field.Error(FindingCode.BadAddress, $"{prefix} is not one address, and a packet has one.");
        return null;
    }

    /// <summary>No such packet is ever seen, so that "deny" would hold and prove nothing.</summary>
    private static void CheckFamily(Members members, int? protocol, IpAddress? peer)
    {
        if (protocol is IpProtocol.Icmp or IpProtocol.IcmpV6 && peer is { } other
            && other.IsV6 != (protocol == IpProtocol.IcmpV6))
        {
            members["peer"]!.Value.Error(FindingCode.FamilyMismatch, "icmp is IPv4's, icmpv6 is IPv6's.");
        }
    }

    private static ushort? ReadPort(Members members, int? protocol)
    {
        if (protocol is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp)
        {
            return members.Require("port") is { } required ? Vocabulary.Port(required) : null;
        }

        if (members["port"] is not { } field)
        {
            return null;
        }

        if (protocol is not null)
        {
            field.Error(FindingCode.PortsNotAllowed, "Only tcp, udp and sctp have ports.");
        }

        return Vocabulary.Port(field);
    }

    private static IcmpMatch? ReadIcmp(Members members, int? protocol)
    {
        if (members["icmp"] is not { } field)
        {
            // The message that begins a flow (RFC 792, RFC 4443 section 4.1).
            return protocol switch
            {
                IpProtocol.Icmp => new IcmpMatch(8, 0),
                IpProtocol.IcmpV6 => new IcmpMatch(128, 0),
                _ => null,
            };
        }

        if (protocol is not (null or IpProtocol.Icmp or IpProtocol.IcmpV6))
        {
            field.Error(FindingCode.IcmpNotAllowed, "icmp needs \"protocol\": \"icmp\" or \"icmpv6\".");
        }

        return field.Object("type", "code") is { } parts
            ? new IcmpMatch((byte?)parts.Require("type")?.Integer(0, 255), (byte?)parts["code"]?.Integer(0, 255))
            : null;
    }
}
