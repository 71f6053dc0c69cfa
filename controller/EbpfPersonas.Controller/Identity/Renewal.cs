using System.Net;
using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Identity;

/// <summary>Gives a VM that has a good certificate the next one, for a key that it has made anew.</summary>
internal sealed class Renewal(
    IIdentityStore store, CertificateIssuer issuer, LimitedAudit audit, TimeProvider time)
{
    /// <summary>What the audit calls it.</summary>
    public const string Action = "Renew";

    /// <summary>Renews the certificate that <paramref name="credential"/> is from.</summary>
    public async Task<CertificateAnswer> RenewAsync(
        VmCredential credential, ReadOnlyMemory<byte> request, IPAddress? source)
    {
        ArgumentNullException.ThrowIfNull(credential);
        var (key, problem) = RequestedKey.Read(request);
        if (key is null)
        {
            return await RefuseAsync(CertificateOutcome.Invalid, problem);
        }

        var entry = Entry(AuditEntry.Ok);
        var issued = issuer.Issue(credential.Vm, key);
        if (issued.KeyPin == credential.KeyPin)
        {
            return await RefuseAsync(
                CertificateOutcome.Invalid, "The key of the certificate request is that of the client certificate.");
        }

        var (outcome, kept) = await store.KeepCertificateAsync(
            issued, credential.Serial, time.GetUtcNow(), entry);
        switch (outcome)
        {
            case KeepOutcome.Revoked:
                return await RefuseAsync(CertificateOutcome.Refused, "The client certificate is revoked.");
            case KeepOutcome.TooMany:
                return await RefuseAsync(
                    CertificateOutcome.TooMany, "This VM has many certificates that are good; wait until some expire.");
        }

        if (!entry.IsStored)
        {
            entry.Result = CertificateAnswer.Again;
            await audit.RecordAsync(entry);
        }

        return CertificateAnswer.Of(kept);

        AuditEntry Entry(string result) => new()
        {
            Tenant = credential.Vm.Tenant,
            Actor = $"vm {credential.Vm.Id}",
            Action = Action,
            Target = credential.Vm.ToString(),
            Source = source?.ToString() ?? "",
            Result = result,
        };

        async Task<CertificateAnswer> RefuseAsync(CertificateOutcome outcome, string sentence) =>
            await audit.RecordAsync(Entry($"refused: {sentence}"))
                ? new CertificateAnswer(outcome, null, sentence)
                : CertificateAnswer.TooManyFailures;
    }
}
