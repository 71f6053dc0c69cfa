using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Activation.Stages;

/// <summary>
/// What an agent may do by itself: the staged personas, the strongest first, and how many of them are stronger than the
/// persona that holds otherwise.
/// </summary>
public sealed record Staging(ImmutableArray<StagedPersona> Staged, int FloorRank)
{
    /// <summary>What is evaluated beside the persona in force, and only counted; null = none.</summary>
    public Persona? Shadow { get; init; }
}
