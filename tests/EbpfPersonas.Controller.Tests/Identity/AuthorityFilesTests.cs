using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Controller.Identity;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Identity;

/// <summary>An authority that others made.</summary>
public sealed class AuthorityFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ebpfp-ca-").FullName;
    private readonly FakeTime _time = new();
    private readonly AuthorityFiles _files;

    public AuthorityFilesTests() => _files = new AuthorityFiles(CertificatePath, KeyPath, _time);

    private string CertificatePath => Path.Combine(_folder, "ca.pem");

    private string KeyPath => Path.Combine(_folder, "ca.key");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void It_issues(bool isRsa)
    {
        using var rsa = RSA.Create(2048);
        using var elliptic = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Write(isRsa
            ? Make(new CertificateRequest("CN=r", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), Ca())
            : Make(new CertificateRequest("CN=e", elliptic, HashAlgorithmName.SHA384), Ca()));
        var authorities = _files.Load();

        var now = _time.GetUtcNow();
        using var key = SigningRequests.NewKey();
        using var issued = authorities.Issuing.Issue(
            new X500DistinguishedName("CN=x"), new PublicKey(key), [], now.AddYears(-30), now.AddYears(30));

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities.Certificates);
        Assert.True(chain.Build(issued));
        Assert.Equal(authorities.Issuing.Certificate.NotAfter, issued.NotAfter);
    }

    [Fact]
    public void What_cannot_be_an_authority_is_refused_in_a_sentence()
    {
        Refused("not the certificate of an authority", Make(Request()));
        Refused(
            "not the certificate of an authority",
            Make(Request(), new X509BasicConstraintsExtension(false, false, 0, true)));
        Refused(
            "may not sign certificates",
            Make(Request(), Ca(), new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true)));
        Refused("expired", Make(Request(), -20, -10, Ca()));
        Refused("is not valid before", Make(Request(), 10, 20, Ca()));
        Write(Make(Request(), Ca()));
        using (var other = SigningRequests.NewKey())
        {
            File.WriteAllText(KeyPath, other.ExportPkcs8PrivateKeyPem());
        }

        Refused("is not the key of");
        File.WriteAllText(KeyPath, "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n");
        Assert.DoesNotContain("secret", Refused("is not the key of"), StringComparison.Ordinal);
        File.WriteAllText(CertificatePath, "nothing");
        Refused("0 certificates");
        File.SetUnixFileMode(KeyPath, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Refused("may read");
        File.Delete(KeyPath);
        Assert.ThrowsAny<IOException>(_files.Load);
    }

    [Fact]
    public void A_running_controller_takes_up_what_replaces_it_and_keeps_what_it_has_where_that_is_wrong()
    {
        using var first = Make(Request("CN=first"), Ca());
        Write(first);
        var authority = new CertificateAuthority(_files, NullLogger<CertificateAuthority>.Instance);
        var changes = 0;
        authority.Changed += () => changes++;
        authority.Refresh();
        Assert.Equal(0, changes);

        File.WriteAllText(CertificatePath, "being written");
        authority.Refresh();
        Assert.Equal((0, "CN=first"), (changes, authority.Current.Issuing.Certificate.Subject));

        using var second = Make(Request("CN=second, O=x"), Ca());
        Write(second, first);
        authority.Refresh();
        Assert.Equal(
            (1, "CN=second, O=x", 2),
            (changes, authority.Current.Issuing.Certificate.Subject, authority.Current.Trusted.Length));
    }

    private static CertificateRequest Request(string name = "CN=ca") =>
        new(name, SigningRequests.NewKey(), HashAlgorithmName.SHA256);

    private static X509BasicConstraintsExtension Ca() => new(true, false, 0, critical: true);

    private X509Certificate2 Make(CertificateRequest request, params X509Extension[] extensions) =>
        Make(request, -1, 10, extensions);

    private X509Certificate2 Make(CertificateRequest request, int from, int to, params X509Extension[] extensions) =>
        request.With(extensions).CreateSelfSigned(_time.GetUtcNow().AddDays(from), _time.GetUtcNow().AddDays(to));

    private void Write(params X509Certificate2[] certificates)
    {
        File.WriteAllText(
            CertificatePath, string.Concat(certificates.Select(one => one.ExportCertificatePem() + '\n')));
        File.WriteAllText(
            KeyPath,
            certificates[0].GetECDsaPrivateKey()?.ExportPkcs8PrivateKeyPem()
                ?? certificates[0].GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(KeyPath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private string Refused(string part, X509Certificate2? certificate = null)
    {
        if (certificate is not null)
        {
            Write(certificate);
        }

        var message = Assert.Throws<InvalidDataException>(_files.Load).Message;
        Assert.Contains(part, message, StringComparison.Ordinal);
        return message;
    }
}
