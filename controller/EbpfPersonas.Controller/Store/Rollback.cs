namespace EbpfPersonas.Controller.Store;

/// <summary>
/// A VM left a revision of a persona again, because it was not confirmed in time: how often, when last and why
/// (timeout, agent_restart or reboot). A quarantined one it does not put in force any more.
/// </summary>
internal sealed record Rollback(
    string Persona, long Revision, long Count, bool IsQuarantined, DateTimeOffset At, string Reason);
