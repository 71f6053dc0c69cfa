using EbpfPersonas.Controller.Audit;

namespace EbpfPersonas.Controller.Store;

/// <summary>
/// What changes about one VM at once: its new state, new lines of history, and the answer to an earlier generation.
/// </summary>
internal sealed record VmChange(StoredVm Vm)
{
    public IReadOnlyList<ActivationEntry> Activations { get; init; } = [];

    /// <summary>
    /// The agent's answer to <see cref="AnsweredGeneration"/>: a word of <see cref="ActivationResult"/>.
    /// </summary>
    public string? Answer { get; init; }

    public long AnsweredGeneration { get; init; }

    public DateTimeOffset AnsweredAt { get; init; }

    public string? Error { get; init; }

    /// <summary>
    /// What the store has of the VM, so that only what differs is written; null where that is not known.
    /// </summary>
    public StoredVm? Before { get; init; }

    /// <summary>
    /// Whether it follows from what the VM said, who would say it again: then it need not outlive the machine at once.
    /// </summary>
    public bool IsReported { get; init; }

    /// <summary>The record of the request that changes it; null where no request does.</summary>
    public AuditEntry? Audit { get; init; }
}
