using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EbpfPersonas.Agent.Link;

namespace EbpfPersonas.Agent.Identity;

/// <summary>
/// The VM's credentials on disk, for its owner only: PEM (RFC 7468) of the key, the certificate and the authorities, in
/// this order. One file, so that they always belong together.
/// </summary>
internal sealed class CredentialsFile(string stateDirectory, string vmId)
{
    private const int OctetsMax = 256 * 1024;
    private const string KeyLabel = "PRIVATE KEY";
    private const string CertificateLabel = "CERTIFICATE";

    /// <summary>Where it is.</summary>
    public string Path { get; } = System.IO.Path.Join(stateDirectory, "identity");

    /// <summary>
    /// Null where there are none; throws <see cref="FormatException"/> or <see cref="IOException"/> where they cannot
    /// be used.
    /// </summary>
    public VmCredentials? Load()
    {
        try
        {
            using var file = new FileStream(
                Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (file.Length > OctetsMax)
            {
                throw new FormatException("it is too large");
            }

            using var text = new StreamReader(file, Encoding.ASCII);
            return Read(text.ReadToEnd());
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new IOException(denied.Message, denied);
        }
        catch (Exception wrong) when (wrong is CryptographicException or ArgumentException)
        {
            throw new FormatException("a key or a certificate in it cannot be read", wrong);
        }
    }

    /// <summary>
    /// Puts them in place of what was there, and they outlive the machine when this returns; throws
    /// <see cref="IOException"/> that names the path, and then the old ones are there.
    /// </summary>
    public void Save(VmCredentials credentials)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        using var key = credentials.Certificate.GetECDsaPrivateKey()!;
        var text = new StringBuilder().Append(key.ExportPkcs8PrivateKeyPem()).Append('\n');
        foreach (var certificate in credentials.Authorities.Prepend(credentials.Certificate))
        {
            text.Append(certificate.ExportCertificatePem()).Append('\n');
        }

        try
        {
            Directory.CreateDirectory(stateDirectory);
            StateFile.Replace(Path, header: [], Encoding.ASCII.GetBytes(text.ToString()), durable: true);
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new IOException(denied.Message, denied);
        }
    }

    private VmCredentials Read(string text)
    {
        var sections = ReadSections(text).ToArray();
        if (sections is not [(KeyLabel, var pkcs8), (CertificateLabel, var own), .. var others]
            || others.Any(other => other.Label != CertificateLabel))
        {
            throw new FormatException("it does not hold a key, a certificate and authorities");
        }

        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(pkcs8, out _);
        return VmCredentials.Create(
            key, X509CertificateLoader.LoadCertificate(own), TrustBundles.Read(others.Select(other => other.Der)),
            vmId);
    }

    private static List<(string Label, byte[] Der)> ReadSections(string text)
    {
        var sections = new List<(string, byte[])>();
        for (var rest = text.AsSpan(); PemEncoding.TryFind(rest, out var found); rest = rest[found.Location.End..])
        {
            sections.Add((
                rest[found.Label].ToString(), Convert.FromBase64String(rest[found.Base64Data].ToString())));
        }

        return sections;
    }
}
