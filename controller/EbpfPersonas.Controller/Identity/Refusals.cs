using System.Net;
using EbpfPersonas.Controller.Audit;

namespace EbpfPersonas.Controller.Identity;

/// <summary>Records what was refused; of an address that does not stop, in the end only how often.</summary>
internal sealed class Refusals(FailureLimit limit, IAudit audit)
{
    /// <summary>Records a refusal; false where the address has had too many, and this one is only counted.</summary>
    public async Task<bool> RecordAsync(IPAddress? source, AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (!limit.Add(source, entry.Action))
        {
            return false;
        }

        await audit.AppendAsync(entry);
        return true;
    }

    /// <summary>Records the numbers of the minutes that are over, or all.</summary>
    public async Task ReportAsync(bool all = false)
    {
        foreach (var (source, action, beyond) in limit.TakeEnded(all))
        {
            await audit.AppendAsync(new AuditEntry
            {
                Actor = "anonymous",
                Action = action,
                Target = "",
                Source = source.Equals(IPAddress.None) ? "several" : source.ToString(),
                Result = $"refused: {beyond} more than {FailureLimit.Max} within a minute",
            });
        }
    }
}
