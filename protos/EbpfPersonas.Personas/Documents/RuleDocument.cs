using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Documents;

/// <summary>One rule. Exactly one kind of peer is given, or none, which is every address.</summary>
internal sealed record RuleDocument
{
    /// <summary>Where the rule stands, as a JSON Pointer.</summary>
    public required string Pointer { get; init; }

    public string? Name { get; init; }

    /// <summary>What the rule is called: its name, or its pointer where it has none.</summary>
    public string Id => Name ?? Pointer;

    public string? Description { get; init; }

    public required Direction Direction { get; init; }

    public required RuleAction Action { get; init; }

    public required RuleList List { get; init; }

    public int Priority { get; init; } = 500;

    public byte? Protocol { get; init; }

    public ImmutableArray<PortRange> Ports { get; init; } = [];

    public ImmutableArray<Prefix> Peers { get; init; } = [];

    public ImmutableArray<Prefix> Except { get; init; } = [];

    /// <summary>Name of an address set.</summary>
    public string? PeerSet { get; init; }

    /// <summary>Name of a persona: the VMs where it is active.</summary>
    public string? PeerPersona { get; init; }

    public ImmutableArray<string> Fqdns { get; init; } = [];

    public IcmpMatch? Icmp { get; init; }

    public EnforcementMode Mode { get; init; } = EnforcementMode.Enforce;

    /// <summary>Whether the peer is of a kind whose addresses this version cannot resolve.</summary>
    public bool HasUnresolvedPeer => PeerSet is not null || PeerPersona is not null || !Fqdns.IsEmpty;
}
