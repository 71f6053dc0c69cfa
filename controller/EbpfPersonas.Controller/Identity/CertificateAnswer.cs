using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Identity;

/// <summary>What a VM gets that asked for a certificate: one, or why not.</summary>
internal sealed record CertificateAnswer(CertificateOutcome Outcome, StoredCertificate? Certificate, string Sentence)
{
    /// <summary>What the audit says of whoever asks once more, because the answer was lost.</summary>
    public const string Again = "ok: the same certificate again";

    /// <summary>What an address gets from which too much was refused.</summary>
    public static CertificateAnswer TooManyFailures { get; } =
        new(CertificateOutcome.TooMany, null, "Too many attempts that failed; wait a minute.");

    public static CertificateAnswer Of(StoredCertificate certificate) =>
        new(CertificateOutcome.Issued, certificate, "");
}
