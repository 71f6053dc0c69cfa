using System.Collections.Immutable;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Triggers;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Activation;

/// <summary>
/// A persona that waits, and the kernel's numbers for it: those of its conditions, and for a trigger that the kernel
/// cannot judge one more, under which it is made a candidate.
/// </summary>
internal sealed record StagedBinding(
    Binding Binding, Persona Persona, ImmutableDictionary<ProcessCondition, int> Numbers, int? Own)
{
    /// <summary>The numbers by which it can be a candidate.</summary>
    public ImmutableArray<int> Candidates => Own is { } own ? [own] : [.. Numbers.Values];

    /// <summary>All numbers that it has.</summary>
    public IEnumerable<int> All => Own is { } own ? Numbers.Values.Append(own) : Numbers.Values;

    /// <summary>As a mask of <see cref="Candidates"/>.</summary>
    public ulong CandidateMask => Candidates.Aggregate(0UL, (mask, number) => mask | (1UL << number));
}
