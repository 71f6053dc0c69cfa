using System.Net;
using System.Security.Cryptography;
using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Json;

namespace EbpfPersonas.Controller.Identity;

/// <summary>
/// Gives a VM its first certificate for a token, once. To the caller all refusals of a token are the same; the audit
/// tells them apart.
/// </summary>
internal sealed class Enrolment(
    IIdentityStore store, CertificateIssuer issuer, LimitedAudit audit, TimeProvider time)
{
    /// <summary>What the audit calls it.</summary>
    public const string Action = "Enrol";

    private const string Unspecific = "The enrolment token does not count here; why, the controller's audit says.";

    private static readonly byte[] NoHash = new byte[SHA256.HashSizeInBytes];

    /// <summary>Enrols the VM <paramref name="vmId"/>, which asks from the address <paramref name="source"/>.</summary>
    public async Task<CertificateAnswer> EnrolAsync(
        string tokenId, ReadOnlyMemory<byte> secret, string vmId, ReadOnlyMemory<byte> request, IPAddress? source)
    {
        ArgumentNullException.ThrowIfNull(vmId);
        var now = time.GetUtcNow();
        var token = await store.FindTokenAsync(tokenId);
        // The secret is compared also where there is nothing to compare it with.
        var isRight = CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(secret.Span), token is null ? NoHash : token.SecretHash.Span) && token is not null;
        var wrong = token is null ? "no such token"
            : !isRight ? "wrong secret"
            : token.Vm.Id != vmId ? "other VM"
            : token.Expires <= now ? "token expired"
            : null;
        if (wrong is not null || token is null)
        {
            return await RefuseAsync(wrong!);
        }

        // Only whoever has the secret makes the controller work.
        var (key, problem) = RequestedKey.Read(request);
        if (key is null)
        {
            return await RefuseAsync(problem, CertificateOutcome.Invalid, problem);
        }

        var entry = Entry(AuditEntry.Ok);
        var issued = issuer.Issue(token.Vm, key, token.Id);
        var kept = await store.UseTokenAsync(issued, now, entry);
        if (kept is null || kept.KeyPin != issued.KeyPin || kept.Revoked is not null || kept.NotAfter <= now)
        {
            return await RefuseAsync("token used");
        }

        if (kept != issued)
        {
            entry.Result = CertificateAnswer.Again;
        }

        if (!entry.IsStored)
        {
            await audit.RecordAsync(entry);
        }

        return CertificateAnswer.Of(kept);

        AuditEntry Entry(string result) => new()
        {
            Tenant = token?.Vm.Tenant,
            Actor = result == AuditEntry.Ok ? $"vm {vmId}" : AuditEntry.Stranger,
            Action = Action,
            Target = token is null ? Printable.Quote(vmId) : token.Vm.ToString(),
            Source = source?.ToString() ?? "",
            Result = result,
        };

        async Task<CertificateAnswer> RefuseAsync(
            string why, CertificateOutcome outcome = CertificateOutcome.Refused, string sentence = Unspecific) =>
            await audit.RecordAsync(Entry($"refused: {why}"))
                ? new CertificateAnswer(outcome, null, sentence)
                : CertificateAnswer.TooManyFailures;
    }
}
