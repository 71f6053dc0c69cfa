using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Controller.Identity;
using EbpfPersonas.Personas.Identity;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Identity;

public sealed class ServerCertificateTests : IDisposable
{
    private readonly string _parent = Directory.CreateTempSubdirectory("ebpfp-ca-").FullName;
    private readonly FakeTime _time = new();
    private readonly AuthorityFolder _folder;
    private readonly CertificateAuthority _authority;
    private readonly ServerCertificate _server;

    public ServerCertificateTests()
    {
        _folder = new AuthorityFolder(Path.Combine(_parent, "ca"), _time);
        _folder.MakeFirst();
        _authority = new CertificateAuthority(_folder, NullLogger<CertificateAuthority>.Instance);
        _server = new ServerCertificate(_authority, ["controller.example.com", "192.0.2.1", "::1"], _time);
    }

    private X509Certificate2 Present => _server.Current.TargetCertificate;

    public void Dispose() => Directory.Delete(_parent, recursive: true);

    [Fact]
    public void It_is_the_controllers_under_all_its_names_and_good_for_a_server_alone()
    {
        var certificate = Present;
        Assert.Equal(SpiffeId.Controller, SpiffeId.Of(certificate));
        Assert.True(certificate.MatchesHostname("controller.example.com"));
        Assert.True(certificate.MatchesHostname("192.0.2.1"));
        Assert.True(certificate.MatchesHostname("::1"));
        Assert.False(certificate.MatchesHostname("192.0.2.2"));
        Assert.Null(Problem(certificate, CertificateCheck.ServerAuthentication));
        Assert.NotNull(Problem(certificate, CertificateCheck.ClientAuthentication));
        Assert.Equal(TimeSpan.FromDays(30).TotalDays, (certificate.NotAfter - _time.GetUtcNow()).TotalDays, 0.1);
        Assert.Equal(
            _authority.Current.Issuing.Cross.RawData, Assert.Single(_server.Current.IntermediateCertificates).RawData);
    }

    [Fact]
    public void It_is_made_anew_at_half_of_its_life()
    {
        var first = Present;
        _time.Advance(TimeSpan.FromDays(14.9));
        Assert.Same(first, Present);
        _time.Advance(TimeSpan.FromDays(0.2));
        Assert.NotEqual(first.SerialNumber, Present.SerialNumber);
    }

    [Fact]
    public void It_is_made_anew_when_another_authority_issues_and_not_before()
    {
        var first = Present;
        _folder.Prepare();
        _authority.Refresh();
        Assert.Same(first, Present);

        _folder.Activate();
        _authority.Refresh();
        Assert.NotEqual(first.IssuerName.Name, Present.IssuerName.Name);
        Assert.Null(Problem(Present, CertificateCheck.ServerAuthentication));
    }

    private string? Problem(X509Certificate2 certificate, Oid usage) =>
        CertificateCheck.Problem(certificate, _authority.Current.Certificates, usage, _time.GetUtcNow());
}
