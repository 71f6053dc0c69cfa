using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EbpfPersonas.Personas.Identity;

/// <summary>
/// Whether a certificate comes from one of the authorities that are trusted (RFC 5280 section 6), is good now, and for
/// the use that it is put to. The machine's own trusted authorities do not count, and nothing is downloaded.
/// </summary>
internal static class CertificateCheck
{
    /// <summary>TLS client and server authentication (RFC 5280 section 4.2.1.12).</summary>
    public static Oid ClientAuthentication { get; } = new("1.3.6.1.5.5.7.3.2");

    /// <inheritdoc cref="ClientAuthentication"/>
    public static Oid ServerAuthentication { get; } = new("1.3.6.1.5.5.7.3.1");

    /// <summary>What is wrong with the certificate, in words for a sentence; null = nothing.</summary>
    public static string? Problem(
        X509Certificate2 certificate, X509Certificate2Collection trusted, Oid usage, DateTimeOffset now)
    {
        if (ProblemByItself(certificate, usage, now) is { } problem)
        {
            return problem;
        }

        using var chain = NewChain(usage, now);
        chain.ChainPolicy.CustomTrustStore.AddRange(trusted);
        return chain.Build(certificate) ? null : "not from an authority that is trusted";
    }

    /// <summary>
    /// What is wrong with a server's certificate, which should come from the authority whose <see cref="KeyPin"/> is
    /// given; null = nothing. The authority's own certificate must be among <paramref name="sent"/>.
    /// </summary>
    public static string? ProblemOfPinned(
        X509Certificate2 certificate, X509Certificate2Collection sent, ReadOnlySpan<byte> pin, DateTimeOffset now)
    {
        if (ProblemByItself(certificate, ServerAuthentication, now) is { } problem)
        {
            return problem;
        }

        using var chain = NewChain(ServerAuthentication, now);
        chain.ChainPolicy.ExtraStore.AddRange(sent);
        // The authority is known by its key alone: whoever signed its certificate does not matter.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        return chain.Build(certificate) && chain.ChainElements.Count == 2
            && CryptographicOperations.FixedTimeEquals(KeyPin.Of(chain.ChainElements[1].Certificate), pin)
            ? null
            : "not from the authority that the enrolment token names";
    }

    private static string? ProblemByItself(X509Certificate2 certificate, Oid usage, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return !HasUsage(certificate, usage) ? "not for this use"
            : now < certificate.NotBefore ? "not yet valid"
            : now > certificate.NotAfter ? "expired"
            : null;
    }

    /// <summary>For a chain, a certificate that names no use is one for every use; here it is not.</summary>
    private static bool HasUsage(X509Certificate2 certificate, Oid usage)
    {
        try
        {
            return certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().ToArray() is [var one]
                && one.EnhancedKeyUsages.Cast<Oid>().Any(oid => oid.Value == usage.Value);
        }
        catch (CryptographicException)
        {
            // It is decoded here, and whoever sends it may have written anything.
            return false;
        }
    }

    private static X509Chain NewChain(Oid usage, DateTimeOffset now)
    {
        var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(usage);
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        return chain;
    }
}
