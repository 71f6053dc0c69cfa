using System.Collections.Immutable;

namespace EbpfPersonas.Personas.Activation.Triggers;

/// <summary>Holds while all of <paramref name="Parts"/> do.</summary>
public sealed record AllTrigger(ImmutableArray<Trigger> Parts) : CompoundTrigger(Parts)
{
    /// <inheritdoc/>
    public override bool? Holds(IReadOnlySet<ProcessCondition>? live, DateTimeOffset now)
    {
        bool? holds = true;
        foreach (var part in Parts)
        {
            holds &= part.Holds(live, now);
        }

        return holds;
    }
}
