using System.Collections.Concurrent;
using EbpfPersonas.Controller.Audit;

namespace EbpfPersonas.Controller.Tests.Identity;

/// <summary>An audit in memory.</summary>
internal sealed class FakeAudit : IAudit
{
    private readonly ConcurrentQueue<AuditEntry> _entries = [];

    public IReadOnlyCollection<AuditEntry> Entries => _entries;

    /// <summary>What came of everything of one kind, in order.</summary>
    public IEnumerable<string> Results(string action) =>
        _entries.Where(entry => entry.Action == action).Select(entry => entry.Result);

    public Task AppendAsync(AuditEntry entry)
    {
        _entries.Enqueue(entry);
        entry.IsStored = true;
        return Task.CompletedTask;
    }
}
