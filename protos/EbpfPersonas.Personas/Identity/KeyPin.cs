using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EbpfPersonas.Personas.Identity;

/// <summary>
/// The SHA-256 of a public key as its certificate has it (SubjectPublicKeyInfo; RFC 7469 section 2.4): 32 octets.
/// </summary>
internal static class KeyPin
{
    /// <summary>Octets of a pin.</summary>
    public const int Length = SHA256.HashSizeInBytes;

    public static byte[] Of(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return Of(certificate.PublicKey);
    }

    public static byte[] Of(PublicKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return SHA256.HashData(key.ExportSubjectPublicKeyInfo());
    }
}
