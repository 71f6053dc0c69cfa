using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EbpfPersonas.Controller.Identity;

/// <summary>
/// Reads the key that a certificate is asked for (PKCS #10, RFC 2986, DER). The controller alone says what else stands
/// in a certificate; a request that asks for something is refused, so that nobody believes to have got it.
/// </summary>
internal static class RequestedKey
{
    /// <summary>The longest request, in octets; one for P-256 has about 220.</summary>
    public const int MaxLength = 4096;

    private const string Elliptic = "1.2.840.10045.2.1";

    // A Name without parts.
    private static readonly byte[] EmptyName = [0x30, 0x00];

    // The object identifier 1.2.840.10045.3.1.7, P-256 (RFC 5480 section 2.1.1.1).
    private static readonly byte[] Curve = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

    /// <summary>The key, or null with a sentence.</summary>
    public static (PublicKey? Key, string Problem) Read(ReadOnlyMemory<byte> request)
    {
        if (request.Length > MaxLength)
        {
            return (null, $"The certificate request has more than {MaxLength} octets.");
        }

        CertificateRequest read;
        int length;
        try
        {
            // Extensions are only loaded to see that there are none.
            read = CertificateRequest.LoadSigningRequest(
                request.Span, HashAlgorithmName.SHA256, out length,
                CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions);
        }
        catch (Exception exception) when (
            exception is CryptographicException or AsnContentException or ArgumentException or NotSupportedException)
        {
            return (null, "The certificate request cannot be read, or its signature is not of its key.");
        }

        var problem =
            length != request.Length ? "Something follows the certificate request."
            : read.PublicKey is not { Oid.Value: Elliptic, EncodedParameters: { } parameters }
                || !parameters.RawData.AsSpan().SequenceEqual(Curve)
                ? "The key of the certificate request is not ECDSA on P-256."
            : !read.SubjectName.RawData.AsSpan().SequenceEqual(EmptyName)
                ? "The certificate request has a subject; the controller gives it."
            : read.CertificateExtensions.Count + read.OtherRequestAttributes.Count > 0
                ? "The certificate request asks for extensions or attributes; the controller gives them."
            : null;
        return problem is null ? (read.PublicKey, "") : (null, problem);
    }
}
