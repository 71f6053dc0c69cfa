using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Benchmarks.Peers;

/// <summary>
/// A rule as the peers can say it: one prefix, one protocol (null = any), one port range. A rule of a persona with
/// several peers or ranges becomes several, next to each other in the order.
/// </summary>
internal sealed record PeerRule(Prefix Prefix, byte? Protocol, PortRange Ports, bool Allow)
{
    private static readonly ImmutableArray<byte> WithPorts = [IpProtocol.Tcp, IpProtocol.Udp, IpProtocol.Sctp];

    public bool HasPorts => Ports != PortRange.All;

    /// <summary>
    /// The rules of one family in order; throws <see cref="NotSupportedException"/> where a rule has what the peers
    /// cannot say in one rule.
    /// </summary>
    public static IReadOnlyList<PeerRule> From(Persona persona, bool isV6) =>
    [
        .. from rule in persona.Rules
           let said = rule.Except.IsEmpty && rule.Icmp is null && rule.Mode == EnforcementMode.Enforce
               ? rule
               : throw new NotSupportedException($"The peers cannot say rule {rule.Id}.")
           from peer in rule.Peers.IsEmpty ? [new Prefix(new IpAddress(isV6, 0), 0)] : rule.Peers
           where peer.Address.IsV6 == isV6
           from ports in rule.Ports.IsEmpty ? [PortRange.All] : rule.Ports
           from protocol in rule.Protocol is null && ports != PortRange.All
               ? WithPorts.Select(known => (byte?)known)
               : [rule.Protocol]
           select new PeerRule(peer, protocol, ports, rule.Action == RuleAction.Allow),
    ];

    /// <summary>Whether some packet is in both.</summary>
    public bool Overlaps(PeerRule other) =>
        (Protocol is null || other.Protocol is null || Protocol == other.Protocol)
        && Ports.First <= other.Ports.Last && other.Ports.First <= Ports.Last
        && (Prefix.Contains(other.Prefix) || other.Prefix.Contains(Prefix));
}
