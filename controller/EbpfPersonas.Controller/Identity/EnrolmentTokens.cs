using System.Security.Cryptography;
using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Identity;

namespace EbpfPersonas.Controller.Identity;

/// <summary>Makes enrolment tokens.</summary>
internal sealed class EnrolmentTokens(CertificateAuthority authority, IIdentityStore store, TimeProvider time)
{
    /// <summary>
    /// Makes a token that lets <paramref name="vm"/> enrol, once, within <paramref name="lifetime"/> and while the
    /// authority that issues now is the one that issues. Nobody else ever sees its secret.
    /// </summary>
    public async Task<(EnrolmentToken Token, StoredEnrolmentToken Stored)> CreateAsync(
        VmKey vm, TimeSpan lifetime, string createdBy, AuditEntry? audit)
    {
        var secret = RandomNumberGenerator.GetBytes(EnrolmentToken.SecretLength);
        var now = time.GetUtcNow();
        var stored = new StoredEnrolmentToken
        {
            Id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)),
            Vm = vm,
            SecretHash = SHA256.HashData(secret),
            Created = now,
            Expires = now + lifetime,
            CreatedBy = createdBy,
        };
        await store.CreateTokenAsync(stored, audit);
        var pin = Convert.FromHexString(authority.Current.Issuing.Pin);
        return (new EnrolmentToken(stored.Id, secret, pin), stored);
    }
}
