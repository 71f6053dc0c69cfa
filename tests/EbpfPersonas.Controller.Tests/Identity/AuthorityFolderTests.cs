using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Controller.Identity;
using EbpfPersonas.Personas.Identity;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Identity;

public sealed class AuthorityFolderTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _parent = Directory.CreateTempSubdirectory("ebpfp-ca-").FullName;
    private readonly FakeTime _time = new();
    private readonly AuthorityFolder _folder;

    public AuthorityFolderTests() => _folder = new AuthorityFolder(Path, _time);

    private string Path => System.IO.Path.Combine(_parent, "ca");

    public void Dispose() => Directory.Delete(_parent, recursive: true);

    [Fact]
    public void The_first_start_makes_an_authority_and_the_second_finds_it()
    {
        Assert.True(_folder.MakeFirst());
        Assert.False(_folder.MakeFirst());

        var first = _folder.Load();
        var certificate = first.Issuing.Certificate;
        Assert.Equal(first.Issuing.Pin, _folder.Load().Issuing.Pin);
        Assert.Equal($"CN=EbpfPersonas CA {first.Issuing.Pin[..8]}", certificate.Subject);
        var constraints = certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single();
        Assert.Equal(
            (true, true, true, 0),
            (constraints.Critical, constraints.CertificateAuthority, constraints.HasPathLengthConstraint,
                constraints.PathLengthConstraint));
        var usage = certificate.Extensions.OfType<X509KeyUsageExtension>().Single();
        Assert.Equal((true, X509KeyUsageFlags.KeyCertSign), (usage.Critical, usage.KeyUsages));
        Assert.InRange(certificate.NotAfter, _time.GetUtcNow().AddYears(10).AddDays(-1), DateTime.MaxValue);
        Assert.All(Directory.GetFiles(Path), file => Assert.Equal(OwnerOnly, File.GetUnixFileMode(file)));
    }

    [Fact]
    public void The_next_authority_is_trusted_before_it_issues_and_the_one_before_afterwards()
    {
        _folder.MakeFirst();
        var first = _folder.Load().Issuing.Pin;

        _folder.Prepare();
        var prepared = _folder.Load();
        Assert.Equal((first, 2), (prepared.Issuing.Pin, prepared.Trusted.Length));

        _folder.Activate();
        var activated = _folder.Load();
        Assert.Single(Directory.GetFiles(Path, "*.key"));
        Assert.Equal(prepared.Trusted[1].Pin, activated.Issuing.Pin);
        Assert.Equal([activated.Issuing.Pin, first], activated.Trusted.Select(authority => authority.Pin));

        _folder.Retire();
        Assert.Equal([activated.Issuing.Pin], _folder.Load().Trusted.Select(authority => authority.Pin));
        Assert.Single(Directory.GetFiles(Path, "*.key"));
    }

    [Fact]
    public void Steps_out_of_order_are_refused_and_change_nothing()
    {
        Assert.Throws<InvalidOperationException>(_folder.Prepare);
        _folder.MakeFirst();
        Refused(_folder.Activate);
        Refused(_folder.Retire);
        _folder.Prepare();
        Refused(_folder.Prepare);
        Refused(_folder.Retire);
        _folder.Activate();
        Refused(_folder.Activate);
        _folder.Prepare();
        Refused(_folder.Activate);
    }

    [Fact]
    public void Who_may_not_read_the_key_is_not_among_those_who_do()
    {
        _folder.MakeFirst();
        File.SetUnixFileMode(Directory.GetFiles(Path, "*.key").Single(), OwnerOnly | UnixFileMode.OtherRead);
        var refused = Assert.Throws<InvalidDataException>(_folder.Load);
        Assert.Contains("may read", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_authority_that_expired_is_refused_in_a_sentence()
    {
        _folder.MakeFirst();
        _time.Advance(TimeSpan.FromDays(3660));
        Assert.Contains("expired", Assert.Throws<InvalidDataException>(_folder.Load).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("issuing ../../etc/passwd\n")]
    [InlineData("other 00\n")]
    public void A_list_that_is_none_is_refused_in_a_sentence(string text)
    {
        _folder.MakeFirst();
        File.WriteAllText(System.IO.Path.Combine(Path, "authorities"), text);
        var refused = Assert.Throws<InvalidDataException>(_folder.Load);
        Assert.Contains("not a list", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_client_finds_the_pinned_key_in_what_the_controller_sends()
    {
        _folder.MakeFirst();
        var authorities = _folder.Load();
        using var key = SigningRequests.NewKey();
        using var leaf = authorities.Issuing.Issue(
            new X500DistinguishedName("CN=x"), new PublicKey(key),
            [new X509EnhancedKeyUsageExtension([CertificateCheck.ServerAuthentication], false)],
            _time.GetUtcNow(), _time.GetUtcNow().AddDays(1));

        Assert.Null(CertificateCheck.ProblemOfPinned(
            leaf, [authorities.Issuing.Cross], KeyPin.Of(authorities.Issuing.Certificate), _time.GetUtcNow()));
        Assert.NotNull(CertificateCheck.ProblemOfPinned(
            leaf, [authorities.Issuing.Cross], new byte[KeyPin.Length], _time.GetUtcNow()));
        Assert.Null(CertificateCheck.Problem(
            leaf, authorities.Certificates, CertificateCheck.ServerAuthentication, _time.GetUtcNow()));
    }

    private void Refused(Action step)
    {
        var before = _folder.Stamp();
        Assert.Throws<InvalidOperationException>(step);
        Assert.Equal(before, _folder.Stamp());
    }
}
