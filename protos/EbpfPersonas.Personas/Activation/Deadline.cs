namespace EbpfPersonas.Personas.Activation;

/// <summary>
/// A time, in boot time, at which the answer may change although nothing happens, and whose: that of
/// <paramref name="Persona"/>.
/// </summary>
public sealed record Deadline(TimeSpan At, DeadlineKind Kind, string Persona);
