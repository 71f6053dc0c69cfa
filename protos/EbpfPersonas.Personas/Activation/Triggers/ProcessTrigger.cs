namespace EbpfPersonas.Personas.Activation.Triggers;

/// <summary>Holds while a process lives that <paramref name="Condition"/> speaks of.</summary>
public sealed record ProcessTrigger(ProcessCondition Condition) : Trigger
{
    /// <inheritdoc/>
    public override IEnumerable<ProcessCondition> Conditions => [Condition];

    /// <inheritdoc/>
    public override IEnumerable<ScheduleWindow> Windows => [];

    /// <inheritdoc/>
    public override bool? Holds(IReadOnlySet<ProcessCondition>? live, DateTimeOffset now) => live?.Contains(Condition);
}
