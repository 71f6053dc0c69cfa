using EbpfPersonas.Controller.Audit;

namespace EbpfPersonas.Controller.Store;

/// <summary>
/// Enrolment tokens, and the certificates that were issued to VMs. As <see cref="IStore"/>: a write is durable when its
/// task completes, and is seen wholly or not at all. The audit of a write is written with it.
/// </summary>
internal interface IIdentityStore
{
    /// <summary>Keeps a new enrolment token.</summary>
    Task CreateTokenAsync(StoredEnrolmentToken token, AuditEntry? audit);

    /// <summary>A tenant's tokens whose ids come after <paramref name="after"/>, by id.</summary>
    Task<IReadOnlyList<StoredEnrolmentToken>> ListTokensAsync(string tenant, string after, int limit);

    /// <summary>The token, or null.</summary>
    Task<StoredEnrolmentToken?> FindTokenAsync(string id);

    /// <summary>Deletes a token of a tenant; false where it has no such token.</summary>
    Task<bool> DeleteTokenAsync(string tenant, string id, AuditEntry? audit);

    /// <summary>
    /// Uses up the token that <paramref name="certificate"/> was issued for, and keeps the certificate; gives it. Where
    /// the token was used up before, nothing changes, and what it was used for is given; null where it is gone or over.
    /// </summary>
    Task<StoredCertificate?> UseTokenAsync(StoredCertificate certificate, DateTimeOffset now, AuditEntry? audit);

    /// <summary>
    /// Keeps a certificate that renews the one of the serial number <paramref name="renews"/> of the same VM; gives it.
    /// Where the VM has a good one for this key already, whose answer was lost, nothing changes, and that is given.
    /// </summary>
    Task<(KeepOutcome Outcome, StoredCertificate Kept)> KeepCertificateAsync(
        StoredCertificate certificate, string renews, DateTimeOffset now, AuditEntry? audit);

    /// <summary>The certificate, or null.</summary>
    Task<StoredCertificate?> FindCertificateAsync(string serial);

    /// <summary>A VM's certificates, the newest first.</summary>
    Task<IReadOnlyList<StoredCertificate>> ListCertificatesAsync(VmKey vm);

    /// <summary>
    /// Revokes all of a VM's certificates, and deletes its enrolment tokens that were not used; gives how many of both
    /// were good until now.
    /// </summary>
    Task<int> RevokeCertificatesAsync(VmKey vm, DateTimeOffset now, AuditEntry? audit);

    /// <summary>Forgets tokens and certificates that were over before then; gives how many.</summary>
    Task<int> PruneAsync(DateTimeOffset before);
}
