namespace EbpfPersonas.Controller.Store;

/// <summary>What became of a DELETE.</summary>
internal enum DeleteOutcome
{
    /// <summary>It is gone; its revisions stay.</summary>
    Deleted,

    /// <summary>There is none of that name.</summary>
    NotFound,

    /// <summary>A VM refers to it; nothing was written.</summary>
    InUse,

    /// <summary>The request's condition does not hold; nothing was written.</summary>
    ConditionFailed,
}
