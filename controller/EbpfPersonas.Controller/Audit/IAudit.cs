namespace EbpfPersonas.Controller.Audit;

/// <summary>Where records go that come with no change of the store: refusals, and what agents did.</summary>
internal interface IAudit
{
    /// <summary>Appends a record; it is durable when the task completes.</summary>
    Task AppendAsync(AuditEntry entry);
}
