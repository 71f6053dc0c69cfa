namespace EbpfPersonas.TestKit.Cases;

/// <summary>
/// A new epoch. <paramref name="PersonaFile"/> is the document in the case's folder that becomes active:
/// <c>persona.json</c> unless the line names another; null after <c>switch none</c>, which leaves the VM without a
/// persona.
/// </summary>
public sealed record SwitchStep(int Line, string? PersonaFile) : CaseStep(Line);
