using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Personas.Identity;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Identity;

/// <summary>Reads the authorities that a controller names.</summary>
internal static class TrustBundles
{
    /// <summary>Authorities of one bundle.</summary>
    public const int Most = 8;

    /// <summary>
    /// Throws <see cref="FormatException"/>, also where <paramref name="controller"/>, the certificate of the
    /// connection that the bundle comes over, is not from one of its authorities: the VM would lock itself out.
    /// </summary>
    public static X509Certificate2Collection Read(
        V1.TrustBundle? bundle, X509Certificate2 controller, DateTimeOffset now)
    {
        var authorities = Read((bundle?.Authorities ?? []).Select(authority => authority.ToByteArray()));
        return CertificateCheck.Problem(controller, authorities, CertificateCheck.ServerAuthentication, now) is null
            ? authorities
            : throw new FormatException("the authority of this connection is not among the authorities");
    }

    /// <summary>DER each; throws <see cref="FormatException"/>.</summary>
    public static X509Certificate2Collection Read(IEnumerable<byte[]> certificates)
    {
        X509Certificate2Collection authorities = [.. certificates.Take(Most + 1).Select(ReadOne)];
        return authorities.Count is > 0 and <= Most
            ? authorities
            : throw new FormatException(
                authorities.Count == 0 ? "no authority is given" : $"more than {Most} authorities are given");
    }

    /// <summary>Whether both name the same authorities in the same order.</summary>
    public static bool AreSame(X509Certificate2Collection one, X509Certificate2Collection other) =>
        one.Count == other.Count
        && one.Zip(other).All(pair => pair.First.RawDataMemory.Span.SequenceEqual(pair.Second.RawDataMemory.Span));

    private static X509Certificate2 ReadOne(byte[] der)
    {
        try
        {
            var certificate = X509CertificateLoader.LoadCertificate(der);
            return certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(one => one.CertificateAuthority)
                ? certificate
                : throw new FormatException("a certificate among the authorities is not that of an authority");
        }
        catch (CryptographicException unreadable)
        {
            throw new FormatException("an authority cannot be read", unreadable);
        }
    }
}
