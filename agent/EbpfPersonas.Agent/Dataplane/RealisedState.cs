namespace EbpfPersonas.Agent.Dataplane;

/// <summary>
/// What the datapath runs: the controller's number of the desired state (0 = none yet), the local number of the switch,
/// and the persona (null = none).
/// </summary>
public sealed record RealisedState(ulong Generation, uint Epoch, string? Persona, ulong Revision);
