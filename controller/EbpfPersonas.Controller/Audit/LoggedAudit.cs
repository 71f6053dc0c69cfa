namespace EbpfPersonas.Controller.Audit;

/// <summary>The audit in the log of this process.</summary>
internal sealed class LoggedAudit(ILogger<LoggedAudit> log) : IAudit
{
    public Task AppendAsync(AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        log.Audited(entry.Actor, entry.Action, entry.Target, entry.Source, entry.Result);
        entry.IsStored = true;
        return Task.CompletedTask;
    }
}
