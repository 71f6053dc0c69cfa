namespace EbpfPersonas.Controller.Store.Sqlite;

/// <summary>A row of <c>enrolment_tokens</c>; times are milliseconds since 1970.</summary>
internal sealed class EnrolmentTokenRow
{
    public string Id { get; set; } = "";

    public string Tenant { get; set; } = "";

    public string VmId { get; set; } = "";

    public byte[] SecretHash { get; set; } = [];

    public long Created { get; set; }

    public long Expires { get; set; }

    public long? Used { get; set; }

    public string CreatedBy { get; set; } = "";

    public static EnrolmentTokenRow From(StoredEnrolmentToken token) => new()
    {
        Id = token.Id,
        Tenant = token.Vm.Tenant,
        VmId = token.Vm.Id,
        SecretHash = token.SecretHash.ToArray(),
        Created = token.Created.ToUnixTimeMilliseconds(),
        Expires = token.Expires.ToUnixTimeMilliseconds(),
        Used = token.Used?.ToUnixTimeMilliseconds(),
        CreatedBy = token.CreatedBy,
    };

    public StoredEnrolmentToken ToToken() => new()
    {
        Id = Id,
        Vm = new VmKey(Tenant, VmId),
        SecretHash = SecretHash,
        Created = DateTimeOffset.FromUnixTimeMilliseconds(Created),
        Expires = DateTimeOffset.FromUnixTimeMilliseconds(Expires),
        Used = Used is { } used ? DateTimeOffset.FromUnixTimeMilliseconds(used) : null,
        CreatedBy = CreatedBy,
    };
}
