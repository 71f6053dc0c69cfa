namespace EbpfPersonas.Personas.Activation;

/// <summary>
/// A persona that is bound to the VM: its rank (priority 0-1000, lower wins) and whether its trigger is live.
/// </summary>
public sealed record Candidate(string Persona, int Priority, bool TriggerLive);
