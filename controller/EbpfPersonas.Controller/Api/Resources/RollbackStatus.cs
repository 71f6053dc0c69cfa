using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>A revision of a persona that the VM left again, because it was not confirmed in time.</summary>
/// <param name="Persona">The persona.</param>
/// <param name="Revision">Its revision.</param>
/// <param name="Count">How often.</param>
/// <param name="Quarantined">Whether the VM puts it in force no more: after the second time, until there is a later
/// revision.</param>
/// <param name="At">When, the last time.</param>
/// <param name="Reason">timeout (no new connection to the controller in time), agent_restart (the time was over when
/// the agent came back) or reboot (the VM was booted again before it was confirmed).</param>
internal sealed record RollbackStatus(
    string Persona, long Revision, long Count, bool Quarantined, DateTimeOffset At, string Reason)
{
    public static RollbackStatus Of(Rollback rollback) => new(
        rollback.Persona, rollback.Revision, rollback.Count, rollback.IsQuarantined, rollback.At, rollback.Reason);
}
