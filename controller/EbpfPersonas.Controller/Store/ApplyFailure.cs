namespace EbpfPersonas.Controller.Store;

/// <summary>A NACK: which generation could not be applied, and why.</summary>
internal sealed record ApplyFailure(long Generation, string Code, string Message, DateTimeOffset At);
