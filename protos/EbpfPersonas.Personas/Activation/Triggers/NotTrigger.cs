namespace EbpfPersonas.Personas.Activation.Triggers;

/// <summary>Holds while <paramref name="Part"/> does not; of a process: while no such process lives.</summary>
public sealed record NotTrigger(Trigger Part) : Trigger
{
    /// <inheritdoc/>
    public override IEnumerable<ProcessCondition> Conditions => Part.Conditions;

    /// <inheritdoc/>
    public override IEnumerable<ScheduleWindow> Windows => Part.Windows;

    /// <inheritdoc/>
    public override bool? Holds(IReadOnlySet<ProcessCondition>? live, DateTimeOffset now) => !Part.Holds(live, now);
}
