namespace EbpfPersonas.Personas.Activation;

/// <summary>The persona to be active (null = none) and why.</summary>
public sealed record Decision(string? Persona, ActivationCause Cause);
