namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>What an agent gets of a persona.</summary>
/// <param name="Rules">Rules that are enforced.</param>
/// <param name="Prefixes">Addresses and CIDRs in them.</param>
/// <param name="WireBytes">Bytes of the message to the agent.</param>
internal sealed record PersonaSize(int Rules, int Prefixes, int WireBytes);
