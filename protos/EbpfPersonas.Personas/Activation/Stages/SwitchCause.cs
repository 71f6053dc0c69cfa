namespace EbpfPersonas.Personas.Activation.Stages;

/// <summary>Why a VM switched by itself.</summary>
public enum SwitchCause
{
    /// <summary>A process made a trigger hold.</summary>
    TriggerBegan = 1,

    /// <summary>A process made a trigger end.</summary>
    TriggerEnded = 2,

    /// <summary>A linger was over.</summary>
    Linger = 3,

    /// <summary>A ttl was over.</summary>
    Ttl = 4,

    /// <summary>A cooldown was over, and the trigger held.</summary>
    Cooldown = 5,

    /// <summary>A window of a schedule opened or closed.</summary>
    Schedule = 6,

    /// <summary>The persona before was not confirmed in time.</summary>
    Rollback = 7,
}
