using System.Collections.Immutable;

namespace EbpfPersonas.Personas.Activation.Triggers;

/// <summary>Holds while all of <paramref name="Parts"/> do.</summary>
public sealed record AllTrigger(ImmutableArray<Trigger> Parts) : Trigger
{
    /// <inheritdoc/>
    public override IEnumerable<ProcessCondition> Conditions => Parts.SelectMany(part => part.Conditions);

    /// <inheritdoc/>
    public override IEnumerable<ScheduleWindow> Windows => Parts.SelectMany(part => part.Windows);

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

    /// <summary>Whether the parts are equal, in order.</summary>
    public bool Equals(AllTrigger? other) => other is not null && Parts.SequenceEqual(other.Parts);

    /// <inheritdoc/>
    public override int GetHashCode() => Parts.Aggregate(1, HashCode.Combine);
}
