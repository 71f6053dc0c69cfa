using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Documents;

/// <summary>A persona as its author wrote it, field by field, checked; absent fields are null.</summary>
internal sealed record PersonaDocument
{
    /// <summary>Rank of a persona that names none; 0-1000, lower wins.</summary>
    public const int DefaultPriority = 500;

    public required string Name { get; init; }

    public NetworkProfileDocument? NetworkProfile { get; init; }

    public SecurityProfileDocument? SecurityProfile { get; init; }

    public ResourceLimitsDocument? ResourceLimits { get; init; }

    public TriggerDocument? ActivationTrigger { get; init; }

    public int Priority { get; init; } = DefaultPriority;

    public LifecycleDocument Lifecycle { get; init; } = new();

    public ImmutableArray<VerdictTest> Tests { get; init; } = [];
}
