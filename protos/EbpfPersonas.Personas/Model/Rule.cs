using System.Collections.Immutable;

namespace EbpfPersonas.Personas.Model;

/// <summary>One rule of a persona, checked: what it matches and what it does.</summary>
public sealed record Rule
{
    /// <summary>The rule's name, or its JSON Pointer where it has none; unique in the persona.</summary>
    public required string Id { get; init; }

    /// <summary>Direction of the flow's first packet.</summary>
    public required Direction Direction { get; init; }

    /// <summary>What happens to a flow that matches.</summary>
    public required RuleAction Action { get; init; }

    /// <summary>The list that it stands in.</summary>
    public required RuleList List { get; init; }

    /// <summary>0-1000, lower first; counts only among <see cref="RuleList.FirewallRules"/>.</summary>
    public int Priority { get; init; }

    /// <summary>IANA protocol number; null matches any.</summary>
    public byte? Protocol { get; init; }

    /// <summary>
    /// Ports that the originator connects to (the peer's for egress, the VM's own for ingress); empty matches any. With
    /// ports and without a protocol, only protocols that have ports match (TCP, UDP, SCTP).
    /// </summary>
    public ImmutableArray<PortRange> Ports { get; init; } = [];

    /// <summary>The other end; empty matches every address of both families.</summary>
    public ImmutableArray<Prefix> Peers { get; init; } = [];

    /// <summary>Parts of <see cref="Peers"/> that do not match.</summary>
    public ImmutableArray<Prefix> Except { get; init; } = [];

    /// <summary>ICMP type and code; null matches any.</summary>
    public IcmpMatch? Icmp { get; init; }

    /// <summary>Carried out or only counted.</summary>
    public EnforcementMode Mode { get; init; } = EnforcementMode.Enforce;
}
