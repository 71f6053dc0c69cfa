using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EbpfPersonas.Controller.Identity;

/// <summary>
/// An authority from outside, in two PEM files that others write. The first certificate issues; those after it are
/// trusted too, as the one before or after it is while it is replaced.
/// </summary>
internal sealed class AuthorityFiles(string certificatePath, string keyPath, TimeProvider time) : IAuthoritySource
{
    /// <inheritdoc/>
    public string Stamp() => string.Join(' ', ((string[])[certificatePath, keyPath])
        .Select(path => new FileInfo(PrivateFile.Resolve(path)))
        .Select(file => string.Create(
            CultureInfo.InvariantCulture, $"{file.FullName}:{file.LastWriteTimeUtc.Ticks}:{file.Length}")));

    /// <inheritdoc/>
    public Authorities Load()
    {
        PrivateFile.CheckHidden(keyPath);
        var now = time.GetUtcNow();
        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPemFile(certificatePath);
        }
        catch (CryptographicException)
        {
            throw new InvalidDataException($"{certificatePath} has no certificate that can be read.");
        }

        if (all.Count is 0 or > Authorities.Max)
        {
            throw new InvalidDataException(
                $"{certificatePath} has {all.Count} certificates; expected 1 to {Authorities.Max}.");
        }

        var issuing = Authority.Of(WithKey(all[0], certificatePath, keyPath), issues: true, certificatePath, now);
        ImmutableArray<Authority> trusted =
            [issuing, .. all.Skip(1).Select(one => Authority.Of(one, issues: false, certificatePath, now))];
        return new Authorities(issuing, trusted);
    }

    /// <summary>The certificate, with its key from a file.</summary>
    public static X509Certificate2 WithKey(X509Certificate2 certificate, string certificatePath, string keyPath)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        try
        {
            return X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), File.ReadAllText(keyPath));
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            // What the exceptions say would name parts of a key at worst.
            throw new InvalidDataException(
                $"{keyPath} is not the key of {certificatePath}: expected its private key as PEM, not encrypted.");
        }
    }
}
