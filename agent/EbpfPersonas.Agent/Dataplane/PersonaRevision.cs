namespace EbpfPersonas.Agent.Dataplane;

/// <summary>One revision of a persona, by its name.</summary>
public readonly record struct PersonaRevision(string Persona, ulong Revision);
