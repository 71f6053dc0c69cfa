using EbpfPersonas.Controller.Audit;

namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>A record of the audit.</summary>
/// <param name="Sequence">Its number among those of all tenants.</param>
/// <param name="At">When.</param>
/// <param name="Actor">Who: a token, a VM, or the controller's host.</param>
/// <param name="Action">What was asked for.</param>
/// <param name="Target">Of what.</param>
/// <param name="Source">From which address.</param>
/// <param name="Result">ok, or what it was refused for.</param>
/// <param name="Hash">The SHA-256 of the record and of the hash before it, in hexadecimal digits.</param>
internal sealed record AuditResource(
    long Sequence, DateTimeOffset At, string Actor, string Action, string Target, string Source, string Result,
    string Hash)
{
    public static AuditResource Of(AuditRecord record) => new(
        record.Sequence, record.At, record.Actor, record.Action, record.Target, record.Source, record.Result,
        Convert.ToHexStringLower(record.Hash.Span));
}
