using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Personas.Identity;

namespace EbpfPersonas.Agent.Identity;

/// <summary>
/// What this VM speaks to its controller with: its key, its certificate, and the authorities that the controller's
/// certificate may come from. Never changed, and never disposed of: a connection may still use it.
/// </summary>
internal sealed class VmCredentials
{
    /// <summary>Of the lifetime of a certificate; past it a new one is asked for.</summary>
    private const double RenewalAge = 0.6;

    private VmCredentials(X509Certificate2 certificate, X509Certificate2Collection authorities)
    {
        (Certificate, Authorities) = (certificate, authorities);
        NotBefore = new DateTimeOffset(certificate.NotBefore.ToUniversalTime());
        NotAfter = new DateTimeOffset(certificate.NotAfter.ToUniversalTime());
    }

    /// <summary>With its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>1 to <see cref="TrustBundles.Most"/>.</summary>
    public X509Certificate2Collection Authorities { get; }

    public DateTimeOffset NotBefore { get; }

    public DateTimeOffset NotAfter { get; }

    public TimeSpan Lifetime => NotAfter - NotBefore;

    /// <summary>When a new certificate is asked for.</summary>
    public DateTimeOffset RenewalDue => NotBefore + (Lifetime * RenewalAge);

    /// <summary>
    /// Throws <see cref="FormatException"/> where the certificate is not one for this key and this VM.
    /// </summary>
    public static VmCredentials Create(
        ECDsa key, X509Certificate2 certificate, X509Certificate2Collection authorities, string vmId)
    {
        if (!VmKey.IsOf(certificate, key))
        {
            throw new FormatException("the certificate is for another key");
        }

        if (SpiffeId.Of(certificate) is not { } name || !SpiffeId.TryReadVm(name, out _, out var named))
        {
            throw new FormatException("the certificate does not name a VM");
        }

        return named == vmId
            ? new VmCredentials(certificate.CopyWithPrivateKey(key), authorities)
            : throw new FormatException($"the certificate is for VM '{named}', this one is '{vmId}'");
    }

    /// <summary>The same key and certificate, other authorities.</summary>
    public VmCredentials With(X509Certificate2Collection authorities) => new(Certificate, authorities);
}
