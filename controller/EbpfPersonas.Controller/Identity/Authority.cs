using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Personas.Identity;

namespace EbpfPersonas.Controller.Identity;

/// <summary>A certificate authority; one that issues has its key.</summary>
internal sealed class Authority
{
    private readonly Lock _signing = new();
    private readonly Lazy<X509Certificate2> _cross;

    private Authority(X509Certificate2 certificate)
    {
        Certificate = certificate;
        Pin = Convert.ToHexStringLower(KeyPin.Of(certificate));
        _cross = new Lazy<X509Certificate2>(MakeCross);
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>Its <see cref="KeyPin"/>, in hexadecimal digits.</summary>
    public string Pin { get; }

    /// <summary>
    /// Its name and key, signed by a key that was thrown away. A TLS server does not send a root; it sends this one, in
    /// which an agent that enrols finds the key of its token's pin.
    /// </summary>
    public X509Certificate2 Cross => _cross.Value;

    /// <summary>A new one, with its key, good for ten years.</summary>
    public static X509Certificate2 Make(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var publicKey = new PublicKey(key);
        var name = new X500DistinguishedName(
            $"CN=EbpfPersonas CA {Convert.ToHexStringLower(KeyPin.Of(publicKey).AsSpan(0, 4))}");
        return new CertificateRequest(name, key, HashAlgorithmName.SHA256)
            .With(
            [
                // It signs certificates of VMs and controllers, and no further authorities.
                new X509BasicConstraintsExtension(true, true, 0, critical: true),
                new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true),
                new X509SubjectKeyIdentifierExtension(publicKey, critical: false),
            ])
            .CreateSelfSigned(now.AddHours(-1), now.AddYears(10));
    }

    /// <summary>
    /// An authority that can be trusted, and with <paramref name="issues"/> one that can issue; otherwise throws
    /// <see cref="InvalidDataException"/> with a sentence that begins with <paramref name="origin"/>.
    /// </summary>
    public static Authority Of(X509Certificate2 certificate, bool issues, string origin, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        var constraints = certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault();
        var usage = certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault();
        var problem =
            constraints is not { CertificateAuthority: true } ? "is not the certificate of an authority (CA:true)"
            : usage is not null && !usage.KeyUsages.HasFlag(X509KeyUsageFlags.KeyCertSign)
                ? "may not sign certificates (its key usage has no keyCertSign)"
            : !certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData)
                ? "is not self-signed, and cannot be trusted by itself"
            : now > certificate.NotAfter ? $"expired at {certificate.NotAfter.ToUniversalTime():u}"
            : now < certificate.NotBefore ? $"is not valid before {certificate.NotBefore.ToUniversalTime():u}"
            : issues && certificate.GetECDsaPrivateKey() is null && certificate.GetRSAPrivateKey() is null
                ? "has neither an ECDSA nor an RSA key"
            : null;
        return problem is null
            ? new Authority(certificate)
            : throw new InvalidDataException($"{origin}: the certificate '{certificate.Subject}' {problem}.");
    }

    /// <summary>
    /// Issues a certificate, not without the authority's own time. Gives it without its key, which is not here.
    /// </summary>
    public X509Certificate2 Issue(
        X500DistinguishedName subject, PublicKey key, IEnumerable<X509Extension> extensions, DateTimeOffset notBefore,
        DateTimeOffset notAfter)
    {
        ArgumentNullException.ThrowIfNull(extensions);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256).With(extensions);
        if (Certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault() is { } identifier)
        {
            request.CertificateExtensions.Add(
                X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(identifier));
        }

        var (first, last) = (new DateTimeOffset(Certificate.NotBefore), new DateTimeOffset(Certificate.NotAfter));
        lock (_signing)
        {
            using var elliptic = Certificate.GetECDsaPrivateKey();
            using var rsa = elliptic is null ? Certificate.GetRSAPrivateKey() : null;
            var generator = elliptic is not null
                ? X509SignatureGenerator.CreateForECDsa(elliptic)
                : X509SignatureGenerator.CreateForRSA(
                    rsa ?? throw new InvalidOperationException("This authority has no key to issue with."),
                    RSASignaturePadding.Pkcs1);
            return request.Create(
                Certificate.SubjectName, generator, notBefore < first ? first : notBefore,
                notAfter > last ? last : notAfter, NewSerial());
        }
    }

    /// <summary>128 bits, of which 126 are random: positive, and as long as any other.</summary>
    private static byte[] NewSerial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x3f) | 0x40);
        return serial;
    }

    private X509Certificate2 MakeCross()
    {
        using var bridge = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(Certificate.SubjectName, Certificate.PublicKey, HashAlgorithmName.SHA256)
            .With(Certificate.Extensions.Where(extension =>
                extension is X509BasicConstraintsExtension or X509KeyUsageExtension
                    or X509SubjectKeyIdentifierExtension));
        return request.Create(
            new X500DistinguishedName("CN=EbpfPersonas CA bridge"), X509SignatureGenerator.CreateForECDsa(bridge),
            Certificate.NotBefore, Certificate.NotAfter, NewSerial());
    }
}
