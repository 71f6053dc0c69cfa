using System.Collections.Immutable;

namespace EbpfPersonas.Personas.Activation.Triggers;

/// <summary>Holds while at least one of <paramref name="Parts"/> does.</summary>
public sealed record AnyTrigger(ImmutableArray<Trigger> Parts) : CompoundTrigger(Parts)
{
    /// <inheritdoc/>
    public override bool? Holds(IReadOnlySet<ProcessCondition>? live, DateTimeOffset now)
    {
        bool? holds = false;
        foreach (var part in Parts)
        {
            holds |= part.Holds(live, now);
        }

        return holds;
    }
}
