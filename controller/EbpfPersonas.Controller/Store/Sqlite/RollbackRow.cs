namespace EbpfPersonas.Controller.Store.Sqlite;

/// <summary>A row of <c>rollbacks</c>; times are milliseconds since 1970.</summary>
internal sealed class RollbackRow
{
    public string Tenant { get; set; } = "";

    public string VmId { get; set; } = "";

    public long Position { get; set; }

    public string Persona { get; set; } = "";

    public long Revision { get; set; }

    public long Count { get; set; }

    public bool IsQuarantined { get; set; }

    public long At { get; set; }

    public string Reason { get; set; } = "";

    public static RollbackRow From(VmKey vm, int position, Rollback rollback) => new()
    {
        Tenant = vm.Tenant,
        VmId = vm.Id,
        Position = position,
        Persona = rollback.Persona,
        Revision = rollback.Revision,
        Count = rollback.Count,
        IsQuarantined = rollback.IsQuarantined,
        At = rollback.At.ToUnixTimeMilliseconds(),
        Reason = rollback.Reason,
    };

    public Rollback ToRollback() => new(
        Persona, Revision, Count, IsQuarantined, DateTimeOffset.FromUnixTimeMilliseconds(At), Reason);
}
