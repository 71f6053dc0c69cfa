namespace EbpfPersonas.Controller.Store;

/// <summary>
/// One immutable revision of a persona: the client's bytes, and when they were first and last written.
/// </summary>
internal sealed record StoredPersona(
    string Name, long Revision, ReadOnlyMemory<byte> Document, DateTimeOffset Created, DateTimeOffset Updated);
