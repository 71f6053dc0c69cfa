namespace EbpfPersonas.Controller.Store;

/// <summary>
/// One immutable revision of a persona: the client's bytes, and when they were first and last written. Names are unique
/// within a tenant.
/// </summary>
internal sealed record StoredPersona(
    string Tenant, string Name, long Revision, ReadOnlyMemory<byte> Document, DateTimeOffset Created,
    DateTimeOffset Updated);
