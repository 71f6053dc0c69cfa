namespace EbpfPersonas.Personas.Activation.Triggers;

/// <summary>Holds never.</summary>
public sealed record NeverTrigger : Trigger
{
    /// <inheritdoc/>
    public override IEnumerable<ProcessCondition> Conditions => [];

    /// <inheritdoc/>
    public override IEnumerable<ScheduleWindow> Windows => [];

    /// <inheritdoc/>
    public override bool? Holds(IReadOnlySet<ProcessCondition>? live, DateTimeOffset now) => false;
}
