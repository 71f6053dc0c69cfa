using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EbpfPersonas.Controller.Tests.Identity;

/// <summary>Requests for certificates, as they should be and otherwise.</summary>
internal static class SigningRequests
{
    /// <summary>All that is wrong with one that is refused.</summary>
    public static IReadOnlyDictionary<string, Func<byte[]>> Bad { get; } = new Dictionary<string, Func<byte[]>>
    {
        ["a subject"] = () => Of(NewKey(), "CN=vm-2"),
        ["a name"] = () => With(Names()),
        ["an authority's constraints"] = () => With(new X509BasicConstraintsExtension(true, false, 0, true)),
        ["a usage"] = () => With(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false)),
        ["a password as attribute"] = () => OfAttribute(new AsnEncodedData("1.2.840.113549.1.9.7", [0x0c, 1, 0x61])),
        ["an RSA key"] = OfRsa,
        ["a P-384 key"] = () => Of(ECDsa.Create(ECCurve.NamedCurves.nistP384)),
        ["another's signature"] = OfAnotherSignature,
        ["too much"] = () => With(new X509Extension("1.2.3.4", new byte[4096], false)),
        ["something behind it"] = () => [.. Of(NewKey()), 0],
        ["garbage"] = () => [0x30, 0x82, 0xff, 0xff, 1, 2, 3],
        ["nothing"] = () => [],
    };

    public static ECDsa NewKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>A good one, unless a subject is given.</summary>
    public static byte[] Of(ECDsa key, string subject = "") =>
        new CertificateRequest(subject, key, HashAlgorithmName.SHA256).CreateSigningRequest();

    private static byte[] With(X509Extension extension)
    {
        var request = new CertificateRequest("", NewKey(), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(extension);
        return request.CreateSigningRequest();
    }

    private static byte[] OfAttribute(AsnEncodedData attribute)
    {
        var request = new CertificateRequest("", NewKey(), HashAlgorithmName.SHA256);
        request.OtherRequestAttributes.Add(attribute);
        return request.CreateSigningRequest();
    }

    private static byte[] OfRsa()
    {
        using var rsa = RSA.Create(2048);
        return new CertificateRequest("", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSigningRequest();
    }

    private static byte[] OfAnotherSignature()
    {
        using var signer = NewKey();
        using var key = NewKey();
        return new CertificateRequest(
            new X500DistinguishedName(""), new PublicKey(key), HashAlgorithmName.SHA256)
            .CreateSigningRequest(X509SignatureGenerator.CreateForECDsa(signer));
    }

    private static X509Extension Names()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri("spiffe://ebpf-personas/tenants/default/vms/vm-2"));
        return names.Build();
    }
}
