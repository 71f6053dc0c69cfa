using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EbpfPersonas.TestKit.Identity;

/// <summary>
/// An authority as a controller has it, with its cross certificate: the same name and key, signed by a key that nobody
/// has any more, so that it can be sent in a handshake. Signs whatever it is asked to. Two of them with the same name
/// can be told apart by their keys alone.
/// </summary>
public sealed class TestAuthority : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public TestAuthority(string name = "CN=test authority")
    {
        var (from, to) = (Now - TimeSpan.FromDays(1), Now + TimeSpan.FromDays(10));
        Certificate = Authority(name, _key, 0).CreateSelfSigned(from, to);
        using var bridgeKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var bridge = Authority($"{name} bridge", bridgeKey, 1).CreateSelfSigned(from, to);
        Cross = Authority(name, _key, 0).Create(bridge, from, to, NewSerial());
    }

    /// <summary>Signed by itself, with its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>What a controller sends behind its own certificate.</summary>
    public X509Certificate2 Cross { get; }

    /// <summary>The SHA-256 of its public key.</summary>
    public byte[] Pin => SHA256.HashData(Certificate.PublicKey.ExportSubjectPublicKeyInfo());

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>An enrolment token with a secret of its own, for this authority or another that it names.</summary>
    public string Token(string id = "0123456789abcdef", byte[]? pin = null) =>
        $"ebpfp_enrol_{id}_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}_"
        + Convert.ToHexStringLower(pin ?? Pin);

    /// <summary>A certificate without its key.</summary>
    public X509Certificate2 Sign(PublicKey key, CertificateOrder order) => Sign(key, order, _key);

    private X509Certificate2 Sign(PublicKey key, CertificateOrder order, ECDsa signer)
    {
        ArgumentNullException.ThrowIfNull(order);
        var request = new CertificateRequest(new X500DistinguishedName("CN=test"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(order.Usage)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(
            Certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single()));
        var names = new SubjectAlternativeNameBuilder();
        foreach (var uri in order.UriNames)
        {
            names.AddUri(new Uri(uri));
        }

        foreach (var host in order.Hosts)
        {
            if (IPAddress.TryParse(host, out var address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }
        }

        if (order.UriNames.Count + order.Hosts.Count > 0)
        {
            request.CertificateExtensions.Add(names.Build());
        }

        return request.Create(
            Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(signer), order.NotBefore, order.NotAfter,
            NewSerial());
    }

    /// <summary>This authority's name and its key's identifier, and the signature of another.</summary>
    public X509Certificate2 IssueSignedBy(TestAuthority other, CertificateOrder order)
    {
        ArgumentNullException.ThrowIfNull(other);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Sign(new PublicKey(key), order, other._key);
        return certificate.CopyWithPrivateKey(key);
    }

    /// <summary>A certificate with a new key.</summary>
    public X509Certificate2 Issue(CertificateOrder order)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Sign(new PublicKey(key), order);
        return certificate.CopyWithPrivateKey(key);
    }

    /// <summary>
    /// What a server presents: the controller's certificate and the cross certificate, or others. It takes any client
    /// certificate, and none.
    /// </summary>
    public SslServerAuthenticationOptions ServerOptions(
        CertificateOrder? order = null, X509Certificate2? cross = null) =>
        ServerOptions(Issue(order ?? CertificateOrder.Controller), cross ?? Cross);

    /// <inheritdoc cref="ServerOptions(CertificateOrder, X509Certificate2)"/>
    public static SslServerAuthenticationOptions ServerOptions(X509Certificate2 own, X509Certificate2 cross)
    {
        ArgumentNullException.ThrowIfNull(cross);
        return new()
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(
                own, [X509CertificateLoader.LoadCertificate(cross.RawDataMemory.Span)],
                offline: true),
            ClientCertificateRequired = true,
#pragma warning disable CA5359 // A client's certificate, which the test looks at.
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
        };
    }

    /// <summary>Writes the credentials of a VM where its agent looks for them, as if it had enrolled.</summary>
    public void WriteCredentials(string stateDirectory, string vmId) =>
        WriteCredentials(stateDirectory, CertificateOrder.Vm(vmId));

    /// <inheritdoc cref="WriteCredentials(string, string)"/>
    public void WriteCredentials(string stateDirectory, CertificateOrder order)
    {
        using var certificate = Issue(order);
        using var key = certificate.GetECDsaPrivateKey()!;
        Directory.CreateDirectory(stateDirectory);
        File.WriteAllText(
            Path.Join(stateDirectory, "identity"),
            $"{key.ExportPkcs8PrivateKeyPem()}\n{certificate.ExportCertificatePem()}\n"
            + $"{Certificate.ExportCertificatePem()}\n");
    }

    /// <summary>
    /// Writes the three files of metrics over TLS into <paramref name="folder"/>: server.pem, server.key and ca.pem.
    /// </summary>
    public void WriteServerFiles(string folder, params string[] hosts)
    {
        using var certificate = Issue(CertificateOrder.Controller with { UriNames = [], Hosts = hosts });
        using var key = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(Path.Join(folder, "server.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Join(folder, "server.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(Path.Join(folder, "ca.pem"), Certificate.ExportCertificatePem());
    }

    public void Dispose()
    {
        Certificate.Dispose();
        Cross.Dispose();
        _key.Dispose();
    }

    private static CertificateRequest Authority(string name, ECDsa key, int pathLength)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, pathLength, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request;
    }

    private static byte[] NewSerial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        // Positive, and not shortened by a leading zero.
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);
        return serial;
    }
}
