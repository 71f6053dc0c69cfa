namespace EbpfPersonas.Personas.Activation;

/// <summary>Why a persona is active; lower values are stronger.</summary>
public enum ActivationCause
{
    /// <summary>Activated by hand through the API.</summary>
    Manual = 1,

    /// <summary>Its trigger is live, or was and the persona is held until it is deactivated.</summary>
    Trigger = 2,

    /// <summary>It is the VM's default.</summary>
    Default = 3,

    /// <summary>Nothing applies: no persona, everything is allowed.</summary>
    None = 4,

    /// <summary>
    /// The VM returned to it, because the persona after it was not confirmed in time; said of a switch, never decided.
    /// </summary>
    Rollback = 5,
}
