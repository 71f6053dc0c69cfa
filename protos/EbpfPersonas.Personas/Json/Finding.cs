namespace EbpfPersonas.Personas.Json;

/// <summary>
/// One thing to say about a document: where (RFC 6901 JSON Pointer, empty for the whole), a code of
/// <see cref="FindingCode"/>, and a sentence.
/// </summary>
internal sealed record Finding(string Pointer, string Code, string Message);
