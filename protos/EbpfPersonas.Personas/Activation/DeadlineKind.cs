namespace EbpfPersonas.Personas.Activation;

/// <summary>What is over at a deadline.</summary>
public enum DeadlineKind
{
    /// <summary>A persona's linger.</summary>
    Linger = 1,

    /// <summary>A persona's ttl.</summary>
    Ttl = 2,

    /// <summary>A persona's cooldown, after which it starts since its trigger holds.</summary>
    Cooldown = 3,

    /// <summary>A window of a persona's schedule opens or closes.</summary>
    Schedule = 4,

    /// <summary>The activation by hand.</summary>
    Pin = 5,
}
