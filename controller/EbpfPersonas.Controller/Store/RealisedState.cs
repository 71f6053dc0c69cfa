namespace EbpfPersonas.Controller.Store;

/// <summary>What a VM's datapath said it runs, and when it said so.</summary>
internal sealed record RealisedState(long Generation, long Epoch, string? Persona, long Revision, DateTimeOffset At);
