using EbpfPersonas.Agent.Dataplane;

namespace EbpfPersonas.Agent.Confirmation;

/// <summary>
/// The persona in force, which has to be confirmed before <paramref name="Deadline"/> (boot time); it came into force
/// <paramref name="Timeout"/> before that.
/// </summary>
internal sealed record WaitingPersona(PersonaRevision Persona, TimeSpan Timeout, TimeSpan Deadline);
