namespace EbpfPersonas.Controller.Store;

/// <summary>What came of keeping a renewed certificate.</summary>
internal enum KeepOutcome
{
    Kept,

    /// <summary>The certificate that it renews is revoked, or not there any more.</summary>
    Revoked,

    /// <summary>The VM has as many certificates already as one may have.</summary>
    TooMany,
}
