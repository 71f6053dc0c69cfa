using System.Collections.Immutable;
using EbpfPersonas.Personas.Documents;
using EbpfPersonas.Personas.Json;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Reading;

/// <summary>Reads one rule, of any list.</summary>
internal sealed class RuleReader(RuleScope scope)
{
    private static readonly string[] ListMembers =
    [
        "name", "description", "protocol", "port", "end_port", "ports", "icmp", "source", "destination", "except",
        "source_set",
        "destination_set", "source_persona", "destination_persona", "destination_fqdns", "mode",
    ];

    private static readonly string[] Conditions =
        [.. ListMembers.Except(["name", "description", "except", "mode"]), "process", "user", "group"];

    private static readonly string[] OrderedMembers = [.. ListMembers, "direction", "action", "priority"];

    private static readonly string[] AclMembers = [.. OrderedMembers, "process", "user", "group"];

    /// <summary>A rule of <c>allowed_*</c> or <c>denied_*</c>: the list says direction and action.</summary>
    public RuleDocument? ReadListed(Field field, RuleList list, Direction direction) =>
        field.Object(ListMembers) is { } members
        ? Read(members, list, direction, list == RuleList.Denied ? RuleAction.Deny : RuleAction.Allow, enforced: true)
        : null;

    /// <summary>A rule of <c>firewall_rules</c>.</summary>
    public RuleDocument? ReadOrdered(Field field) =>
        field.Object(OrderedMembers) is { } members ? ReadOrdered(members, enforced: true) : null;

    /// <summary>An entry of <c>acls</c>.</summary>
    public AclDocument? ReadAcl(Field field)
    {
        if (field.Object(AclMembers) is not { } members)
        {
            return null;
        }

        var process = members["process"] is { } path ? Vocabulary.ExecutablePath(path, wildcard: true) : null;
        var user = members["user"] is { } name ? Vocabulary.Account(name) : null;
        var group = members["group"] is { } many ? Vocabulary.Account(many) : null;
        return ReadOrdered(members, enforced: false) is { } rule ? new AclDocument(rule, process, user, group) : null;
    }

    private RuleDocument? ReadOrdered(Members members, bool enforced)
    {
        var direction = members.Require("direction") is { } way ? Vocabulary.Direction(way) : null;
        var action = members.Require("action") is { } verb
            ? verb.Word(("allow", RuleAction.Allow), ("deny", RuleAction.Deny), ("reject", RuleAction.Reject))
            : null;
        return Read(members, RuleList.FirewallRules, direction, action, enforced);
    }

    private RuleDocument? Read(Members members, RuleList list, Direction? direction, RuleAction? action, bool enforced)
    {
        var name = members["name"] is { } called ? Vocabulary.Name(called) : null;
        if (name is not null)
        {
            scope.Claim(members["name"]!.Value, name);
        }

        if (!members.Present(Conditions).Any())
        {
            members.Error(FindingCode.Empty,
                "A rule without any condition matches everything. If that is meant, say \"protocol\": \"any\".");
        }

        var protocol = members["protocol"] is { } number ? Vocabulary.Protocol(number) : Vocabulary.AnyProtocol;
        var ports = PortsReader.Read(members);
        CheckPorts(members, protocol);
        var icmp = ReadIcmp(members, protocol);
        var rule = new RuleDocument
        {
            Pointer = members.Pointer,
            Name = name,
            Description = members["description"]?.Text(1024),
            Direction = direction ?? Direction.Ingress,
            Action = action ?? RuleAction.Deny,
            List = list,
            Priority = (int?)members["priority"]?.Integer(0, 1000) ?? 500,
            Protocol = protocol is >= 0 and { } known ? (byte)known : null,
            Ports = ports,
            Icmp = icmp,
            Mode = (members["mode"] is { } mode ? Vocabulary.Mode(mode) : null) ?? EnforcementMode.Enforce,
        };
        return direction is { } side ? ReadPeer(members, rule, side, action, protocol, enforced) : null;
    }

    private static void CheckPorts(Members members, int? protocol)
    {
        if (protocol is null or Vocabulary.AnyProtocol or IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp)
        {
            return;
        }

        foreach (var field in members.Present("port", "end_port", "ports"))
        {
            field.Error(FindingCode.PortsNotAllowed, "Only tcp, udp and sctp have ports.");
        }
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

        if (field.Object("type", "code") is not { } parts)
        {
            return null;
        }

        // RFC 792 and RFC 4443: a code means something only within its type.
        return new IcmpMatch((byte?)parts.Require("type")?.Integer(0, 255), (byte?)parts["code"]?.Integer(0, 255));
    }

    private static RuleDocument ReadPeer(
        Members members, RuleDocument rule, Direction direction, RuleAction? action, int? protocol, bool enforced)
    {
        var (mine, other) = direction == Direction.Ingress ? ("source", "destination") : ("destination", "source");
        foreach (var field in members.Present(other, $"{other}_set", $"{other}_persona", $"{other}_fqdns"))
        {
            field.Error(FindingCode.WrongDirection, $"The peer of an {direction.ToString().ToLowerInvariant()} rule " +
                $"is its {mine}.");
        }

        var given = members.Present(mine, $"{mine}_set", $"{mine}_persona", $"{mine}_fqdns").ToArray();
        foreach (var field in given.Skip(1))
        {
            field.Error(FindingCode.Conflict, "A rule has one kind of peer.");
        }

        var peers = members[mine] is { } addresses ? PeerReader.Read(addresses) : [];
        CheckFamilies(peers ?? [], protocol);
        var resolved = rule with
        {
            Peers = [.. (peers ?? []).Select(peer => peer.Prefix)],
            Except = members["except"] is { } except ? ReadExcept(members, mine, except, peers) : [],
            PeerSet = members[$"{mine}_set"] is { } set ? Vocabulary.Name(set) : null,
            PeerPersona = members[$"{mine}_persona"] is { } persona ? Vocabulary.Name(persona) : null,
            Fqdns = direction == Direction.Egress && members["destination_fqdns"] is { } names
                ? ReadFqdns(names, action)
                : [],
        };
        if (enforced)
        {
            CheckUnresolved(members.Present($"{mine}_set", $"{mine}_persona", $"{mine}_fqdns"), action);
        }

        return resolved;
    }

    private static ImmutableArray<Prefix> ReadExcept(
        Members members, string mine, Field except, ImmutableArray<(Prefix, Field)>? peers)
    {
        if (members.Present($"{mine}_set", $"{mine}_persona", $"{mine}_fqdns").Any())
        {
            except.Error(FindingCode.Conflict, $"except goes with {mine}, whose addresses it narrows.");
            return [];
        }

        // A peer that could not be read says nothing about what lies inside it.
        return PeerReader.ReadExcept(except, peers ?? []);
    }

    private static void CheckFamilies(ImmutableArray<(Prefix Prefix, Field Field)> peers, int? protocol)
    {
        if (protocol is not (IpProtocol.Icmp or IpProtocol.IcmpV6))
        {
            return;
        }

        var needsV6 = protocol == IpProtocol.IcmpV6;
        foreach (var (prefix, field) in peers.Where(peer => peer.Prefix.Address.IsV6 != needsV6))
        {
            field.Error(FindingCode.FamilyMismatch,
                $"{prefix} never sends {(needsV6 ? "icmpv6" : "icmp")}: icmp is IPv4's, icmpv6 is IPv6's.");
        }
    }

    private static ImmutableArray<string> ReadFqdns(Field field, RuleAction? action)
    {
        if (action is RuleAction.Deny or RuleAction.Reject)
        {
            field.Error(FindingCode.AllowOnly,
                "Only an allow rule can name hosts: a denied host would be reachable by every address that no one " +
                "has looked up yet.");
        }

        return [.. (field.NonEmptyList() ?? []).Select(Vocabulary.HostName).OfType<string>()];
    }

    private static void CheckUnresolved(IEnumerable<Field> fields, RuleAction? action)
    {
        foreach (var field in fields)
        {
            if (action == RuleAction.Allow)
            {
                field.NotEnforcedYet("this version cannot resolve it: the rule allows nothing.");
            }
            else if (action is not null)
            {
                field.Error(FindingCode.CannotBeEnforced,
                    "This version cannot resolve this peer, and a deny rule that is not enforced would let pass " +
                    "what it forbids.");
            }
        }
    }
}
