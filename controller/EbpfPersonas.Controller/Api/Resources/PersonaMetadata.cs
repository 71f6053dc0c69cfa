namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>What the server knows of a persona, read-only.</summary>
/// <param name="Revision">Its number, from 1; also the entity tag.</param>
/// <param name="CreatedAt">When the persona was first written.</param>
/// <param name="UpdatedAt">When this revision was written.</param>
internal sealed record PersonaMetadata(long Revision, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);
