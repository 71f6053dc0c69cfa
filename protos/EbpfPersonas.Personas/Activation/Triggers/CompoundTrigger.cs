using System.Collections.Immutable;

namespace EbpfPersonas.Personas.Activation.Triggers;

/// <summary>Is made of <paramref name="Parts"/>, and asks what they ask.</summary>
public abstract record CompoundTrigger(ImmutableArray<Trigger> Parts) : Trigger
{
    /// <inheritdoc/>
    public override IEnumerable<ProcessCondition> Conditions => Parts.SelectMany(part => part.Conditions);

    /// <inheritdoc/>
    public override IEnumerable<ScheduleWindow> Windows => Parts.SelectMany(part => part.Windows);

    /// <summary>Whether the parts are equal, in order, and mean the same together.</summary>
    public virtual bool Equals(CompoundTrigger? other) =>
        other is not null && EqualityContract == other.EqualityContract && Parts.SequenceEqual(other.Parts);

    /// <inheritdoc/>
    public override int GetHashCode() => Parts.Aggregate(EqualityContract.GetHashCode(), HashCode.Combine);
}
