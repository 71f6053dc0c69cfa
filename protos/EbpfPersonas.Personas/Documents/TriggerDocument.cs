using System.Collections.Immutable;

namespace EbpfPersonas.Personas.Documents;

/// <summary><c>activation_trigger</c>: all parts that are given must hold.</summary>
internal sealed record TriggerDocument
{
    public string? ProcessName { get; init; }

    public string? ProcessPath { get; init; }

    public string? User { get; init; }

    public string? ParentProcess { get; init; }

    public ConnectionTrigger? Connection { get; init; }

    public int? ListenPort { get; init; }

    public ApiCallTrigger? ApiCall { get; init; }

    public string? DataType { get; init; }

    public ScheduleTrigger? Schedule { get; init; }

    public ImmutableArray<TriggerDocument> AnyOf { get; init; } = [];

    public ImmutableArray<TriggerDocument> AllOf { get; init; } = [];

    public TriggerDocument? Not { get; init; }

    /// <summary>
    /// Whether every part, at any depth, is one that this version evaluates; otherwise the trigger never fires.
    /// </summary>
    public bool IsEvaluated => Connection is null && ListenPort is null && ApiCall is null && DataType is null
        && AnyOf.Concat(AllOf).All(part => part.IsEvaluated) && (Not is null || Not.IsEvaluated);
}
