using EbpfPersonas.Controller.Personas.Documents;
using EbpfPersonas.Controller.Personas.Json;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;

namespace EbpfPersonas.Controller.Personas.Reading;

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
        var expect = members.Require("expect")?.Word(("allow", true), ("deny", false));
        if (protocol == Vocabulary.AnyProtocol)
        {
            members["protocol"]!.Value.Error(FindingCode.BadValue, "A packet has one protocol.");
            protocol = null;
        }

        var port = ReadPort(members, protocol);
        var icmp = ReadIcmp(members, protocol);
        return direction is { } side && protocol is { } known && peer is { } other && expect is { } allowed
            ? new VerdictTest(
                members.Pointer, new Packet(side, (byte)known, other, port ?? 0, icmp?.Type ?? 0, icmp?.Code ?? 0),
                allowed)
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
            return null;
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
