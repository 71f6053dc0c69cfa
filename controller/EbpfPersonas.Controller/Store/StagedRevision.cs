namespace EbpfPersonas.Controller.Store;

/// <summary>A revision of a persona that a VM has at hand: puts in force by itself, or evaluates.</summary>
internal sealed record StagedRevision(string Persona, long Revision);
