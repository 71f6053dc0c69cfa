namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>Make a token for a caller of the same tenant.</summary>
/// <param name="Name">What it is called, 1-63 of a-z, 0-9, '_', '.' and '-'.</param>
/// <param name="Role">viewer, operator or admin.</param>
/// <param name="Ttl">How long it is good, such as "90d"; absent: until it is deleted.</param>
internal sealed record TokenRequest(string Name, string Role, string? Ttl);
