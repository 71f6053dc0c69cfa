using System.Collections.Immutable;

namespace EbpfPersonas.Personas.Activation.Stages;

/// <summary>
/// What an agent may do by itself: the staged personas, the strongest first, and how many of them are stronger than the
/// persona that holds otherwise.
/// </summary>
public sealed record Staging(ImmutableArray<StagedPersona> Staged, int FloorRank);
