namespace EbpfPersonas.Personas.Activation;

/// <summary>
/// What must be remembered of one bound persona between two looks at it. Times are boot time (<see cref="Moment"/>).
/// </summary>
public sealed record BindingMemory
{
    /// <summary>Nothing happened yet, or nothing that still matters.</summary>
    public static BindingMemory Idle { get; } = new();

    /// <summary>Where it stands.</summary>
    public BindingState State { get; init; }

    /// <summary>When it became a candidate; only while it is one.</summary>
    public TimeSpan Since { get; init; }

    /// <summary>When the linger ends; only while it lingers.</summary>
    public TimeSpan? LingersUntil { get; init; }

    /// <summary>Before this it cannot become a candidate; only while it is none, and null once that is over.</summary>
    public TimeSpan? CoolsUntil { get; init; }

    /// <summary>Whether it competes for being active.</summary>
    public bool IsCandidate => State is BindingState.Live or BindingState.Lingering or BindingState.Held;

    /// <summary>Whether its trigger held when it was looked at last.</summary>
    public bool TriggerHolds => State is BindingState.Waiting or BindingState.Live or BindingState.Spent;
}
