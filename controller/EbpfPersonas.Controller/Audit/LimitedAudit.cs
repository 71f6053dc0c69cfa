namespace EbpfPersonas.Controller.Audit;

/// <summary>
/// The audit for what anybody can do as often as he likes: of whoever does not stop, in the end only how often.
/// </summary>
internal sealed class LimitedAudit(RecordCounts counts, IAudit audit)
{
    /// <summary>Records it; false where there were too many of its kind, and this one is only counted.</summary>
    public async Task<bool> RecordAsync(AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (!counts.Add(entry))
        {
            return false;
        }

        await audit.AppendAsync(entry);
        return true;
    }

    /// <summary>Records the numbers of the minutes that are over, or all. What cannot be written is kept.</summary>
    public async Task ReportAsync(bool all = false)
    {
        var ended = new Queue<(AuditEntry First, int Beyond)>(counts.TakeEnded(all));
        try
        {
            while (ended.TryPeek(out var next))
            {
                await audit.AppendAsync(new AuditEntry
                {
                    Tenant = next.First.Actor == AuditEntry.Stranger ? null : next.First.Tenant,
                    Actor = next.First.Actor,
                    Action = next.First.Action,
                    Target = "",
                    Source = next.First.Source,
                    Result = $"{(next.First.IsRefusal ? "refused" : AuditEntry.Ok)}: {next.Beyond} more than " +
                        $"{RecordCounts.Max} within a minute",
                });
                ended.Dequeue();
            }
        }
        finally
        {
            foreach (var (first, beyond) in ended)
            {
                counts.PutBack(first, beyond);
            }
        }
    }
}
