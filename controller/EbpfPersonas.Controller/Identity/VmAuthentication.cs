using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Identity;

namespace EbpfPersonas.Controller.Identity;

/// <summary>
/// Who speaks, from the client certificate alone. That its sender has the key, the TLS handshake has shown.
/// </summary>
internal sealed class VmAuthentication(CertificateAuthority authority, IIdentityStore store, TimeProvider time)
{
    /// <summary>Judges a certificate, or that there is none.</summary>
    public async Task<Judgement> JudgeAsync(X509Certificate2? certificate)
    {
        if (certificate is null)
        {
            return Refuse("No client certificate was sent: the VM must enrol first.");
        }

        if (SpiffeId.Of(certificate) is not { } name)
        {
            return Refuse("The client certificate does not have exactly one URI name.");
        }

        if (!SpiffeId.TryReadVm(name, out var tenant, out var vmId))
        {
            return Refuse("The URI name of the client certificate is not that of a VM.");
        }

        var vm = new VmKey(tenant, vmId);
        if (CertificateCheck.Problem(
            certificate, authority.Current.Certificates, CertificateCheck.ClientAuthentication, time.GetUtcNow())
            is { } problem)
        {
            return Refuse($"The client certificate is {problem}.", vm);
        }

        var serial = CertificateIssuer.SerialOf(certificate);
        var stored = await store.FindCertificateAsync(serial);
        if (stored is null || stored.Vm != vm || !stored.Certificate.Span.SequenceEqual(certificate.RawData))
        {
            return Refuse("The client certificate is not known to this controller.", vm, isProven: true);
        }

        return stored.Revoked is null
            ? new Judgement(
                new VmCredential(vm, serial, stored.KeyPin, stored.NotAfter, stored.Certificate), "", vm,
                IsProven: true)
            : Refuse("The client certificate is revoked.", vm, isProven: true);
    }

    /// <summary>Judges again what was good before.</summary>
    public async Task<Judgement> JudgeAsync(VmCredential credential)
    {
        ArgumentNullException.ThrowIfNull(credential);
        using var certificate = X509CertificateLoader.LoadCertificate(credential.Certificate.Span);
        return await JudgeAsync(certificate);
    }

    private static Judgement Refuse(string sentence, VmKey? claimed = null, bool isProven = false) =>
        new(null, sentence, claimed, isProven);
}
