namespace EbpfPersonas.Personas.Activation.Triggers;

/// <summary>Holds while <paramref name="Window"/> is open.</summary>
public sealed record WindowTrigger(ScheduleWindow Window) : Trigger
{
    /// <inheritdoc/>
    public override IEnumerable<ProcessCondition> Conditions => [];

    /// <inheritdoc/>
    public override IEnumerable<ScheduleWindow> Windows => [Window];

    /// <inheritdoc/>
    public override bool? Holds(IReadOnlySet<ProcessCondition>? live, DateTimeOffset now) => Window.IsOpen(now);
}
