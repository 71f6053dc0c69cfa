namespace EbpfPersonas.Controller.Store.Sqlite;

/// <summary>A row of <c>vm_certificates</c>; times are milliseconds since 1970.</summary>
internal sealed class CertificateRow
{
    public string Serial { get; set; } = "";

    public string Tenant { get; set; } = "";

    public string VmId { get; set; } = "";

    public string? TokenId { get; set; }

    public string KeyPin { get; set; } = "";

    public byte[] Certificate { get; set; } = [];

    public long NotBefore { get; set; }

    public long NotAfter { get; set; }

    public long? Revoked { get; set; }

    public static CertificateRow From(StoredCertificate certificate) => new()
    {
        Serial = certificate.Serial,
        Tenant = certificate.Vm.Tenant,
        VmId = certificate.Vm.Id,
        TokenId = certificate.TokenId,
        KeyPin = certificate.KeyPin,
        Certificate = certificate.Certificate.ToArray(),
        NotBefore = certificate.NotBefore.ToUnixTimeMilliseconds(),
        NotAfter = certificate.NotAfter.ToUnixTimeMilliseconds(),
        Revoked = certificate.Revoked?.ToUnixTimeMilliseconds(),
    };

    public StoredCertificate ToCertificate() => new()
    {
        Serial = Serial,
        Vm = new VmKey(Tenant, VmId),
        TokenId = TokenId,
        KeyPin = KeyPin,
        Certificate = Certificate,
        NotBefore = DateTimeOffset.FromUnixTimeMilliseconds(NotBefore),
        NotAfter = DateTimeOffset.FromUnixTimeMilliseconds(NotAfter),
        Revoked = Revoked is { } revoked ? DateTimeOffset.FromUnixTimeMilliseconds(revoked) : null,
    };
}
