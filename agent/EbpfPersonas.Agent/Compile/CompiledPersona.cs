using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EbpfPersonas.Agent.Abi;

namespace EbpfPersonas.Agent.Compile;

/// <summary>
/// A persona as map bytes, still free of where it will lie: runs of entries by direction * 2 + family, with rule
/// numbers and jumps counted from the run's own beginning. Two that are equal enforce the same.
/// </summary>
public sealed class CompiledPersona : IEquatable<CompiledPersona>
{
    /// <summary>The persona's name.</summary>
    public required string Name { get; init; }

    /// <summary>Flags of its slot.</summary>
    public required SlotFlags Flags { get; init; }

    /// <summary><see cref="RuleAction"/> by <see cref="PacketDirection"/>.</summary>
    public required ImmutableArray<RuleAction> DefaultAction { get; init; }

    /// <summary>Rule ids in order of evaluation; entries and counters refer to them by number.</summary>
    public required ImmutableArray<string> RuleIds { get; init; }

    /// <summary>Four runs of entries.</summary>
    public required ImmutableArray<ImmutableArray<RuleEntry>> Runs { get; init; }

    /// <summary>Entries of all runs.</summary>
    public int EntryCount => Runs.Sum(run => run.Length);

    /// <inheritdoc/>
    public bool Equals(CompiledPersona? other) =>
        other is not null && Name == other.Name && Flags == other.Flags &&
        DefaultAction.SequenceEqual(other.DefaultAction) && RuleIds.SequenceEqual(other.RuleIds) &&
        Runs.Zip(other.Runs).All(pair => SameBytes(pair.First, pair.Second));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CompiledPersona);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, RuleIds.Length, EntryCount);

    private static bool SameBytes(ImmutableArray<RuleEntry> one, ImmutableArray<RuleEntry> other) =>
        MemoryMarshal.AsBytes(one.AsSpan())
            .SequenceEqual(MemoryMarshal.AsBytes(other.AsSpan()));
}
