using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Store;

/// <summary>One line of a VM's history: what became active, when, and the whole chain of why.</summary>
internal sealed record ActivationEntry
{
    /// <summary>The store's number of the entry, from 1; it only grows. 0 before it is stored.</summary>
    public long Id { get; init; }

    public required long Generation { get; init; }

    public required string? Persona { get; init; }

    public required long Revision { get; init; }

    public required string? Previous { get; init; }

    public required ActivationCause Cause { get; init; }

    public required string Sentence { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>The process whose start or exit tipped the scales, if one did.</summary>
    public ActivationProcess? Process { get; init; }

    /// <summary>The epoch that began, where the VM switched by itself; null for a decision of the controller.</summary>
    public long? Epoch { get; init; }

    /// <summary>pending, realized, failed or superseded.</summary>
    public string Result { get; init; } = ActivationResult.Pending;

    public DateTimeOffset? ResultAt { get; init; }

    public string? Error { get; init; }
}
