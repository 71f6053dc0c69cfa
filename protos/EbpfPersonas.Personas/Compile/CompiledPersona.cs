using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EbpfPersonas.Personas.Compile.Layout;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// A persona as map bytes, free of where it will lie: every reference counts from its first line. Two that are equal
/// enforce the same.
/// </summary>
public sealed class CompiledPersona : IEquatable<CompiledPersona>
{
    /// <summary>The persona's name.</summary>
    public required string Name { get; init; }

    /// <summary>Carried out or only counted.</summary>
    public required EnforcementMode Mode { get; init; }

    /// <summary>Flows that both ends have spoken in go on when it comes into force.</summary>
    public bool KeepEstablished { get; init; }

    /// <summary>Verdict for ingress flows that no rule matches.</summary>
    public required RuleAction DefaultIngress { get; init; }

    /// <summary>Verdict for egress flows that no rule matches.</summary>
    public required RuleAction DefaultEgress { get; init; }

    /// <summary>Rule ids in order of evaluation; tags and counters refer to them by number.</summary>
    public required ImmutableArray<string> RuleIds { get; init; }

    /// <summary>
    /// <see cref="Reference"/> by direction * 2 + family: ingress IPv4, ingress IPv6, egress IPv4, IPv6.
    /// </summary>
    public required ImmutableArray<uint> Roots { get; init; }

    /// <summary>All lines; the first is the class that holds no rule.</summary>
    public required ReadOnlyMemory<PolicyLine> Lines { get; init; }

    /// <summary>What it costs.</summary>
    public required CompiledSize Size { get; init; }

    /// <summary>The number of the rule that a tag stands for.</summary>
    public int RuleNumber(uint tag) => RuleIds.Length - (int)(tag / (uint)Tag.Rank);

    /// <inheritdoc/>
    public bool Equals(CompiledPersona? other) =>
        other is not null && Name == other.Name && Mode == other.Mode &&
        KeepEstablished == other.KeepEstablished &&
        DefaultIngress == other.DefaultIngress && DefaultEgress == other.DefaultEgress &&
        Roots.SequenceEqual(other.Roots) && RuleIds.SequenceEqual(other.RuleIds) &&
        MemoryMarshal.AsBytes(Lines.Span).SequenceEqual(MemoryMarshal.AsBytes(other.Lines.Span));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CompiledPersona);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, RuleIds.Length, Lines.Length);
}
