namespace EbpfPersonas.Personas.Activation;

/// <summary>
/// The persona to be active (null = none) and why; of one that its trigger made active also where that stands.
/// </summary>
public sealed record Decision(string? Persona, ActivationCause Cause, BindingState State = BindingState.Idle)
{
    /// <summary>Why, as a sentence without its full stop.</summary>
    public string Sentence => (Cause, State) switch
    {
        (ActivationCause.Manual, _) => $"{Persona} is active because it was activated by hand",
        (ActivationCause.Trigger, BindingState.Lingering) => $"{Persona} is active because it lingers",
        (ActivationCause.Trigger, BindingState.Held) => $"{Persona} is active because it is held",
        (ActivationCause.Trigger, _) => $"{Persona} is active because of its trigger",
        (ActivationCause.Rollback, _) when Persona is not null => $"{Persona} is active again",
        (ActivationCause.Default, _) => $"{Persona} is active because it is the default",
        _ => "no persona is active, everything is allowed",
    };
}
