using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EbpfPersonas.Agent.Identity;

/// <summary>The VM's keys: ECDSA on P-256, made here and never sent anywhere.</summary>
internal static class VmKey
{
    private static readonly X500DistinguishedName NoName = new(string.Empty);

    /// <summary>One that nobody has seen.</summary>
    public static ECDsa Create() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>
    /// A request for a certificate (PKCS #10, RFC 2986), DER: who the VM is, the controller does not take from it.
    /// </summary>
    public static byte[] Request(ECDsa key) =>
        new CertificateRequest(NoName, key, HashAlgorithmName.SHA256).CreateSigningRequest();

    /// <summary>Whether <paramref name="certificate"/> is one for <paramref name="key"/>.</summary>
    public static bool IsOf(X509Certificate2 certificate, ECDsa key) =>
        certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo());
}
