using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.TestKit.Identity;

namespace EbpfPersonas.TestKit.Prometheus;

/// <summary>
/// An address of an agent's metrics beyond loopback: TLS both ways, with an authority, and files for both sides, of its
/// own.
/// </summary>
public sealed class ScrapedAddress : IDisposable
{
    private readonly TestAuthority _authority = new("CN=metrics");
    private readonly string _folder = Directory.CreateTempSubdirectory("ebpfp-metrics-").FullName;

    public ScrapedAddress(string ip)
    {
        Ip = ip;
        _authority.WriteServerFiles(_folder, ip);
        Client = _authority.Issue(new CertificateOrder { Usage = CertificateOrder.ForClients, UriNames = [] });
        using var key = Client.GetECDsaPrivateKey()!;
        File.WriteAllText(ClientCertificateFile, Client.ExportCertificatePem());
        File.WriteAllText(ClientKeyFile, key.ExportPkcs8PrivateKeyPem());
    }

    public string Ip { get; }

    /// <summary>Who may read there, with its key.</summary>
    public X509Certificate2 Client { get; }

    /// <summary>Whose certificates both sides trust.</summary>
    public X509Certificate2Collection Authorities => [_authority.Certificate];

    public string CertificateFile => Path.Combine(_folder, "server.pem");

    public string KeyFile => Path.Combine(_folder, "server.key");

    public string AuthorityFile => Path.Combine(_folder, "ca.pem");

    public string ClientCertificateFile => Path.Combine(_folder, "client.pem");

    public string ClientKeyFile => Path.Combine(_folder, "client.key");

    public void Dispose()
    {
        Client.Dispose();
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
