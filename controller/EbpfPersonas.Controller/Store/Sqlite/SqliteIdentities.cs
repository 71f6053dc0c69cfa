using Dapper;
using EbpfPersonas.Controller.Audit;

namespace EbpfPersonas.Controller.Store.Sqlite;

/// <summary>The tables <c>enrolment_tokens</c> and <c>vm_certificates</c>.</summary>
internal sealed class SqliteIdentities(SqliteConnections connections) : IIdentityStore
{
    /// <summary>
    /// Certificates of one VM that are good at a time. Two are usual; one that renews again and again must not fill the
    /// disk.
    /// </summary>
    public const int MaxCertificates = 32;

    private const string TokenColumns = "id, tenant, vm_id, secret_hash, created, expires, used, created_by";

    private const string CertificateColumns =
        "serial, tenant, vm_id, token_id, key_pin, certificate, not_before, not_after, revoked";

    private const string Insert =
        $"INSERT INTO vm_certificates ({CertificateColumns}) VALUES (@Serial, @Tenant, @VmId, @TokenId, @KeyPin, " +
        "@Certificate, @NotBefore, @NotAfter, @Revoked)";

    public Task CreateTokenAsync(StoredEnrolmentToken token, AuditEntry? audit) =>
        Task.FromResult(connections.Write(writer =>
        {
            writer.Execute(
                $"INSERT INTO enrolment_tokens ({TokenColumns}) VALUES (@Id, @Tenant, @VmId, @SecretHash, @Created, " +
                "@Expires, @Used, @CreatedBy)",
                EnrolmentTokenRow.From(token));
            SqliteAudit.Append(writer, audit);
            return 0;
        }));

    public Task<IReadOnlyList<StoredEnrolmentToken>> ListTokensAsync(string tenant, string after, int limit) =>
        Task.FromResult<IReadOnlyList<StoredEnrolmentToken>>([.. connections.Read(connection =>
            connection.Query<EnrolmentTokenRow>(
                $"SELECT {TokenColumns} FROM enrolment_tokens WHERE tenant = @tenant AND id > @after " +
                "ORDER BY id LIMIT @limit",
                new { tenant, after, limit })).Select(row => row.ToToken())]);

    public Task<StoredEnrolmentToken?> FindTokenAsync(string id) => Task.FromResult(connections.Read(connection =>
        connection.QuerySingleOrDefault<EnrolmentTokenRow>(
            $"SELECT {TokenColumns} FROM enrolment_tokens WHERE id = @id", new { id }))?.ToToken());

    public Task<bool> DeleteTokenAsync(string tenant, string id, AuditEntry? audit) =>
        Task.FromResult(connections.Write(writer =>
        {
            var deleted = writer.Execute(
                "DELETE FROM enrolment_tokens WHERE tenant = @tenant AND id = @id", new { tenant, id }) > 0;
            if (deleted)
            {
                SqliteAudit.Append(writer, audit);
            }

            return deleted;
        }));

    public Task<StoredCertificate?> UseTokenAsync(
        StoredCertificate certificate, DateTimeOffset now, AuditEntry? audit) =>
        Task.FromResult(connections.Write(writer =>
        {
            ArgumentNullException.ThrowIfNull(certificate);
            var tokenId = certificate.TokenId;
            if (writer.Execute(
                "UPDATE enrolment_tokens SET used = @now WHERE id = @tokenId AND tenant = @Tenant AND vm_id = @Id " +
                "AND used IS NULL AND expires > @now",
                new { now = now.ToUnixTimeMilliseconds(), tokenId, certificate.Vm.Tenant, certificate.Vm.Id }) == 0)
            {
                return writer.Connection.QuerySingleOrDefault<CertificateRow>(
                    $"SELECT {CertificateColumns} FROM vm_certificates WHERE token_id = @tokenId", new { tokenId },
                    writer.Transaction)?.ToCertificate();
            }

            writer.Execute(Insert, CertificateRow.From(certificate));
            SqliteAudit.Append(writer, audit);
            return certificate;
        }));

    public Task<(KeepOutcome Outcome, StoredCertificate Kept)> KeepCertificateAsync(
        StoredCertificate certificate, string renews, DateTimeOffset now, AuditEntry? audit) =>
        Task.FromResult(connections.Write(writer =>
        {
            ArgumentNullException.ThrowIfNull(certificate);
            var (tenant, vmId) = (certificate.Vm.Tenant, certificate.Vm.Id);
            var good = writer.Connection.Query<CertificateRow>(
                $"SELECT {CertificateColumns} FROM vm_certificates WHERE tenant = @tenant AND vm_id = @vmId " +
                "AND revoked IS NULL AND not_after > @now",
                new { tenant, vmId, now = now.ToUnixTimeMilliseconds() }, writer.Transaction).ToArray();
            if (!good.Any(row => row.Serial == renews))
            {
                return (KeepOutcome.Revoked, certificate);
            }

            if (good.FirstOrDefault(row => row.KeyPin == certificate.KeyPin) is { } before)
            {
                return (KeepOutcome.Kept, before.ToCertificate());
            }

            if (good.Length >= MaxCertificates)
            {
                return (KeepOutcome.TooMany, certificate);
            }

            writer.Execute(Insert, CertificateRow.From(certificate));
            SqliteAudit.Append(writer, audit);
            return (KeepOutcome.Kept, certificate);
        }));

    public Task<StoredCertificate?> FindCertificateAsync(string serial) =>
        Task.FromResult(connections.Read(connection => connection.QuerySingleOrDefault<CertificateRow>(
            $"SELECT {CertificateColumns} FROM vm_certificates WHERE serial = @serial", new { serial }))
            ?.ToCertificate());

    public Task<IReadOnlyList<StoredCertificate>> ListCertificatesAsync(VmKey vm) =>
        Task.FromResult<IReadOnlyList<StoredCertificate>>([.. connections.Read(connection =>
            connection.Query<CertificateRow>(
                $"SELECT {CertificateColumns} FROM vm_certificates WHERE tenant = @Tenant AND vm_id = @Id " +
                "ORDER BY not_after DESC, serial",
                new { vm.Tenant, vm.Id })).Select(row => row.ToCertificate())]);

    public Task<int> RevokeCertificatesAsync(VmKey vm, DateTimeOffset now, AuditEntry? audit) =>
        Task.FromResult(connections.Write(writer =>
        {
            var taken = writer.Execute(
                "UPDATE vm_certificates SET revoked = @now WHERE tenant = @Tenant AND vm_id = @Id " +
                "AND revoked IS NULL AND not_after > @now",
                new { vm.Tenant, vm.Id, now = now.ToUnixTimeMilliseconds() });
            taken += writer.Execute(
                "DELETE FROM enrolment_tokens WHERE tenant = @Tenant AND vm_id = @Id AND used IS NULL",
                new { vm.Tenant, vm.Id });
            if (taken > 0)
            {
                SqliteAudit.Append(writer, audit);
            }

            return taken;
        }));

    public Task<int> PruneAsync(DateTimeOffset before) => Task.FromResult(connections.Write(writer =>
    {
        var limit = new { before = before.ToUnixTimeMilliseconds() };
        return writer.Execute("DELETE FROM vm_certificates WHERE not_after < @before", limit)
            + writer.Execute("DELETE FROM enrolment_tokens WHERE expires < @before", limit);
    }));
}
