using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EbpfPersonas.Controller.Identity;

/// <summary>
/// The authorities that this controller made, in a folder: NAME.pem of each and NAME.key (PKCS #8) of those that issue
/// or will, and <c>authorities</c>, with a line for each that says what it is: "issuing NAME", "prepared NAME" or
/// "retiring NAME". A change is the replacement of that one file. Other processes may change it while a controller
/// runs.
/// </summary>
internal sealed class AuthorityFolder(string folder, TimeProvider time) : IAuthoritySource
{
    private const string Issuing = "issuing";
    private const string Prepared = "prepared";
    private const string Retiring = "retiring";

    private readonly string _list = Path.Combine(folder, "authorities");

    /// <summary>When the last step was made.</summary>
    public DateTimeOffset Changed => File.GetLastWriteTimeUtc(_list);

    /// <inheritdoc/>
    public string Stamp() => File.ReadAllText(_list);

    /// <inheritdoc/>
    public Authorities Load()
    {
        var roles = Read();
        var now = time.GetUtcNow();
        var issuing = Authority.Of(Open(Name(roles, Issuing), withKey: true), issues: true, folder, now);
        // One that expired meanwhile vouches for nobody, and keeps nobody from starting.
        var others = roles.Where(line => line.Role != Issuing).Select(line => Open(line.Name, withKey: false))
            .Where(certificate => now <= certificate.NotAfter)
            .Select(certificate => Authority.Of(certificate, issues: false, folder, now));
        return new Authorities(issuing, [issuing, .. others]);
    }

    /// <summary>Makes the folder and the first authority where there is none; whether it did.</summary>
    public bool MakeFirst()
    {
        Directory.CreateDirectory(
            folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        using var alone = Lock();
        if (File.Exists(_list))
        {
            return false;
        }

        Write([(Issuing, Make())]);
        return true;
    }

    /// <summary>Makes the next authority, which is trusted and does not issue yet.</summary>
    public void Prepare()
    {
        using var alone = Lock();
        var roles = Read();
        if (roles.Any(line => line.Role == Prepared))
        {
            throw new InvalidOperationException("An authority is prepared already. Activate it.");
        }

        Write([.. roles, (Prepared, Make())]);
    }

    /// <summary>
    /// The prepared authority issues from now on; the one that did stays trusted, and its key is gone.
    /// </summary>
    public void Activate()
    {
        using var alone = Lock();
        var roles = Read();
        if (roles.All(line => line.Role != Prepared))
        {
            throw new InvalidOperationException(
                "No authority is prepared. Prepare one, and let all agents hear of it.");
        }

        if (roles.Any(line => line.Role == Retiring))
        {
            throw new InvalidOperationException("The authority before this one is still trusted. Retire it first.");
        }

        Write([(Issuing, Name(roles, Prepared)), (Retiring, Name(roles, Issuing))]);
    }

    /// <summary>The authority that issued before is trusted no more.</summary>
    public void Retire()
    {
        using var alone = Lock();
        var roles = Read();
        if (roles.All(line => line.Role != Retiring))
        {
            throw new InvalidOperationException(
                "No authority that issued before is trusted. Nothing is to be retired.");
        }

        Write([.. roles.Where(line => line.Role != Retiring)]);
    }

    private static string Name(IEnumerable<(string Role, string Name)> roles, string role) =>
        roles.First(line => line.Role == role).Name;

    private string KeyPath(string name) => Path.Combine(folder, $"{name}.key");

    private string CertificatePath(string name) => Path.Combine(folder, $"{name}.pem");

    /// <summary>Until it is disposed, no other process changes the folder.</summary>
    private FileStream Lock()
    {
        if (!Directory.Exists(folder))
        {
            throw new InvalidOperationException(
                $"There is no authority in {folder}: the controller makes it at its first start.");
        }

        return new FileStream(Path.Combine(folder, "lock"), new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
    }

    private string Make()
    {
        using var certificate = Authority.Make(time.GetUtcNow());
        using var key = certificate.GetECDsaPrivateKey()!;
        var name = Authority.Of(certificate, issues: true, folder, time.GetUtcNow()).Pin[..16];
        PrivateFile.Write(KeyPath(name), key.ExportPkcs8PrivateKeyPem() + '\n');
        PrivateFile.Write(CertificatePath(name), certificate.ExportCertificatePem() + '\n');
        return name;
    }

    private X509Certificate2 Open(string name, bool withKey)
    {
        X509Certificate2 certificate;
        try
        {
            certificate = X509Certificate2.CreateFromPem(File.ReadAllText(CertificatePath(name)));
        }
        catch (CryptographicException)
        {
            throw new InvalidDataException($"{CertificatePath(name)} is no certificate that can be read.");
        }

        if (!withKey)
        {
            return certificate;
        }

        PrivateFile.CheckHidden(KeyPath(name));
        using (certificate)
        {
            return AuthorityFiles.WithKey(certificate, CertificatePath(name), KeyPath(name));
        }
    }

    private ImmutableArray<(string Role, string Name)> Read()
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(_list);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InvalidOperationException(
                $"There is no authority in {folder}: the controller makes it at its first start.");
        }

        ImmutableArray<(string Role, string Name)> roles =
            [.. lines.Select(line => line.Split(' ') is [var role, var name] ? (role, name) : ("", ""))];
        return roles.Count(line => line.Role == Issuing) == 1
            && roles.Count(line => line.Role == Prepared) <= 1 && roles.Count(line => line.Role == Retiring) <= 1
            && roles.All(line => line.Role is Issuing or Prepared or Retiring && line.Name.All(char.IsAsciiHexDigit))
                ? roles
                : throw new InvalidDataException($"{_list} is not a list of authorities.");
    }

    /// <summary>Makes a step; also takes away what an earlier one may not have come to.</summary>
    private void Write(ImmutableArray<(string Role, string Name)> roles)
    {
        PrivateFile.Write(_list, string.Concat(roles.Select(line => $"{line.Role} {line.Name}\n")));
        string[] kept =
        [
            .. roles.Select(line => CertificatePath(line.Name)),
            .. roles.Where(line => line.Role != Retiring).Select(line => KeyPath(line.Name)),
        ];
        foreach (var file in ((string[])["*.pem", "*.key"]).SelectMany(ending => Directory.GetFiles(folder, ending)))
        {
            if (!kept.Contains(file))
            {
                File.Delete(file);
            }
        }
    }
}
