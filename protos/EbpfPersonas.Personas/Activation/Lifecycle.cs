namespace EbpfPersonas.Personas.Activation;

/// <summary>How long a persona is wanted beyond its trigger, and how soon again. Spans are not negative.</summary>
public sealed record Lifecycle
{
    /// <summary>Nothing but the trigger.</summary>
    public static Lifecycle OfTriggerAlone { get; } = new();

    /// <summary><c>deactivate_when: manual</c>: after its trigger ended it is held until it is released.</summary>
    public bool DeactivateManually { get; init; }

    /// <summary>How long it stays after its trigger ended.</summary>
    public TimeSpan Linger { get; init; }

    /// <summary>How long after its end no new start is possible.</summary>
    public TimeSpan Cooldown { get; init; }

    /// <summary>The longest that it lasts from its start, more than nothing; null for no limit.</summary>
    public TimeSpan? Ttl { get; init; }
}
