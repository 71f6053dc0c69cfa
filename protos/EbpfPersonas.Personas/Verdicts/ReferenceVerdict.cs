using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Verdicts;

/// <summary>
/// The meaning of a persona, as plainly as it can be written: rule by rule, field by field. The kernel is measured
/// against it; it is never made faster.
/// </summary>
public static class ReferenceVerdict
{
    /// <summary>The verdict on the first packet of a flow, with the rule that made it.</summary>
    public static Verdict Judge(Persona persona, Packet packet)
    {
        ArgumentNullException.ThrowIfNull(persona);
        ArgumentNullException.ThrowIfNull(packet);
        Rule? audited = null;
        foreach (var rule in persona.Rules)
        {
            if (!Matches(rule, packet))
            {
                continue;
            }

            if (rule.Mode == EnforcementMode.Enforce)
            {
                return new Verdict(rule.Action, rule, audited);
            }

            audited ??= rule;
        }

        return new Verdict(persona.Default(packet.Direction), null, audited);
    }

    /// <summary>Whether every condition of <paramref name="rule"/> holds for <paramref name="packet"/>.</summary>
    public static bool Matches(Rule rule, Packet packet)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(packet);
        return rule.Direction == packet.Direction
            && (rule.Protocol is not { } protocol || protocol == packet.Protocol)
            && (rule.Ports.IsEmpty || (packet.HasPorts && rule.Ports.Any(range => range.Contains(packet.Port))))
            && (rule.Icmp is not { } icmp || (packet.IsIcmp && icmp.Contains(packet.IcmpType, packet.IcmpCode)))
            && (rule.Peers.IsEmpty || rule.Peers.Any(peer => peer.Contains(packet.Peer)))
            && !rule.Except.Any(except => except.Contains(packet.Peer));
    }
}
