namespace EbpfPersonas.Controller.Store;

/// <summary>A revision of a persona that a VM puts in force by itself.</summary>
internal sealed record StagedRevision(string Persona, long Revision);
