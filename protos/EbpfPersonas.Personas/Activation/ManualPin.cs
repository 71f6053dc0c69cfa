namespace EbpfPersonas.Personas.Activation;

/// <summary>
/// An activation by hand. It holds until <paramref name="Expires"/>, or until it is taken back where that is null.
/// </summary>
public sealed record ManualPin(string Persona, DateTimeOffset? Expires);
