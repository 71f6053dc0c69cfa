namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>Activate a persona by hand. It need not be bound to the VM.</summary>
/// <param name="Persona">Its name.</param>
/// <param name="Ttl">How long, such as "30m"; absent: until it is deactivated.</param>
/// <param name="Reason">Why, for the history.</param>
internal sealed record ActivationRequest(string Persona, string? Ttl, string? Reason);
