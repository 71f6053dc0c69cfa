namespace EbpfPersonas.Controller.Store;

/// <summary>What became of a PUT.</summary>
internal enum PutOutcome
{
    /// <summary>There was none of that name.</summary>
    Created,

    /// <summary>A new revision.</summary>
    Replaced,

    /// <summary>The same bytes were there already; no new revision.</summary>
    Unchanged,

    /// <summary>The request's condition does not hold; nothing was written.</summary>
    ConditionFailed,
}
