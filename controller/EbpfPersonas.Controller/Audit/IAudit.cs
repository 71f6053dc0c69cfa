namespace EbpfPersonas.Controller.Audit;

/// <summary>The audit, for what changes nothing else in the store, and to be read.</summary>
internal interface IAudit
{
    /// <summary>Adds a record; it is durable when the task completes.</summary>
    Task AppendAsync(AuditEntry entry);

    /// <summary>A tenant's records below <paramref name="before"/>, newest first.</summary>
    Task<IReadOnlyList<AuditRecord>> ListAsync(string tenant, long before, int limit);

    /// <summary>Walks the whole chain, and picks up the hash of one record on its way; 0 = of none.</summary>
    Task<AuditVerification> VerifyAsync(long expected = 0);
}
