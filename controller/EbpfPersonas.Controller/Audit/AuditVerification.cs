namespace EbpfPersonas.Controller.Audit;

/// <summary>What a walk along the chain found.</summary>
/// <param name="Last">The last record that is as it was written; null where there is none.</param>
/// <param name="Broken">The first number that is not there, or is not as it was written; null where all are.</param>
/// <param name="Expected">The hash of the record that was asked for, in hexadecimal digits; null where it is not
/// there.</param>
internal sealed record AuditVerification(AuditRecord? Last, long? Broken, string? Expected);
