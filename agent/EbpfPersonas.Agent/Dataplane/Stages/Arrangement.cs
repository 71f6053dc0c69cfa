using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Dataplane.Stages;

/// <summary>What is to be resident, and which of it is to be in force when.</summary>
public sealed record Arrangement
{
    /// <summary>The controller's number of it.</summary>
    public required ulong Generation { get; init; }

    /// <summary>What is in force while no stronger persona is a candidate; null = none.</summary>
    public Persona? Floor { get; init; }

    /// <summary>The personas that wait, the strongest first.</summary>
    public ImmutableArray<StagedPersona> Staged { get; init; } = [];

    /// <summary>How many of them are stronger than the floor.</summary>
    public int FloorRank { get; init; }

    /// <summary>What is evaluated beside whatever is in force; null = none.</summary>
    public Persona? Shadow { get; init; }

    /// <summary>When they are candidates.</summary>
    public Arming Arming { get; init; }
}
