using EbpfPersonas.Personas.Documents;
using EbpfPersonas.Personas.Model;
using Google.Protobuf;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Personas.Validation;

/// <summary>Maps a checked document to what the agent gets.</summary>
internal static class PersonaMapper
{
    /// <summary>
    /// The network part for the wire, rules in document order. Allow rules whose peer cannot be resolved are left out:
    /// they allow nothing.
    /// </summary>
    public static V1.Persona ToWire(PersonaDocument document, ulong revision)
    {
        var network = document.NetworkProfile;
        var wire = new V1.Persona
        {
            Name = document.Name,
            Revision = revision,
            DefaultIngress = (V1.Action)Default(network?.DefaultIngress, network?.AllowsIngress ?? false),
            DefaultEgress = (V1.Action)Default(network?.DefaultEgress, network?.AllowsEgress ?? false),
            EnforcementMode = (V1.EnforcementMode)document.Lifecycle.Mode,
            KeepEstablished = document.Lifecycle.KeepEstablished,
        };
        if (document.Lifecycle.ConfirmTimeout is { } confirm)
        {
            wire.ConfirmTimeoutMs = (ulong)confirm.TotalMilliseconds;
        }

        if (network is not null)
        {
            wire.Rules.AddRange(network.Rules.Where(rule => !rule.HasUnresolvedPeer).Select(ToWire));
        }

        wire.Tests.AddRange(document.Tests.Select(ToWire));
        return wire;
    }

    /// <summary>
    /// What a direction does where no rule matches: as said; else deny where it has an allow list, even an empty one;
    /// else allow.
    /// </summary>
    private static RuleAction Default(RuleAction? said, bool hasAllowList) =>
        said ?? (hasAllowList ? RuleAction.Deny : RuleAction.Allow);

    private static V1.Rule ToWire(RuleDocument rule)
    {
        var wire = new V1.Rule
        {
            Id = rule.Id,
            Direction = (V1.Direction)rule.Direction,
            Action = (V1.Action)rule.Action,
            List = (V1.RuleList)rule.List,
            Priority = rule.List == RuleList.FirewallRules ? (uint)rule.Priority : 0,
            Mode = (V1.EnforcementMode)rule.Mode,
        };
        if (rule.Protocol is { } protocol)
        {
            wire.Protocol = protocol;
        }

        wire.Ports.AddRange(rule.Ports.Select(range => new V1.PortRange { First = range.First, Last = range.Last }));
        wire.Peers.AddRange(rule.Peers.Select(ToWire));
        wire.Except.AddRange(rule.Except.Select(ToWire));
        if (rule.Icmp is { } icmp)
        {
            wire.Icmp = new V1.IcmpMatch();
            if (icmp.Type is { } type)
            {
                wire.Icmp.Type = type;
            }

            if (icmp.Code is { } code)
            {
                wire.Icmp.Code = code;
            }
        }

        return wire;
    }

    private static V1.VerdictTest ToWire(VerdictTest test)
    {
        var packet = test.Packet;
        var wire = new V1.VerdictTest
        {
            Direction = (V1.Direction)packet.Direction,
            Protocol = packet.Protocol,
            Peer = ByteString.CopyFrom(packet.Peer.ToBytes()),
            Expect = (V1.Action)test.Expect,
        };
        if (packet.HasPorts)
        {
            wire.Port = packet.Port;
        }

        if (packet.IsIcmp)
        {
            wire.Icmp = new V1.IcmpMatch { Type = packet.IcmpType, Code = packet.IcmpCode };
        }

        return wire;
    }

    private static V1.Prefix ToWire(Prefix prefix) => new()
    {
        Address = ByteString.CopyFrom(prefix.Address.ToBytes()),
        Length = (uint)prefix.Length,
    };
}
