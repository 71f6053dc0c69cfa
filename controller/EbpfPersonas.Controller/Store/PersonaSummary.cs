namespace EbpfPersonas.Controller.Store;

/// <summary>A persona, or one of its revisions, without its document.</summary>
internal sealed record PersonaSummary(string Name, long Revision, DateTimeOffset Created, DateTimeOffset Updated);
