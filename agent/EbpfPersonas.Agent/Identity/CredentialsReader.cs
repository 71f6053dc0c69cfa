using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Identity;

/// <summary>Reads the controller's answer to a request for a certificate. It is taken wholly or not at all.</summary>
internal static class CredentialsReader
{
    /// <summary>
    /// <paramref name="controller"/> is the certificate of the connection; throws <see cref="FormatException"/>.
    /// </summary>
    public static VmCredentials Read(
        V1.Credentials answer, ECDsa key, string vmId, X509Certificate2 controller, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(answer);
        var credentials = VmCredentials.Create(
            key, ReadCertificate(answer.Certificate.ToByteArray()), TrustBundles.Read(answer.Trust, controller, now),
            vmId);
        return credentials.NotAfter > now
            ? credentials
            : throw new FormatException("the certificate is expired already; is the clock of this VM right?");
    }

    private static X509Certificate2 ReadCertificate(byte[] der)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(der);
        }
        catch (CryptographicException unreadable)
        {
            throw new FormatException("the certificate cannot be read", unreadable);
        }
    }
}
