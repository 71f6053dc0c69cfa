using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Identity;

/// <summary>What a VM gets that asked for a certificate: one, or why not.</summary>
internal sealed record CertificateAnswer(CertificateOutcome Outcome, StoredCertificate? Certificate, string Sentence)
{
    public static CertificateAnswer Of(StoredCertificate certificate) =>
        new(CertificateOutcome.Issued, certificate, "");
}
