using EbpfPersonas.Agent.Identity;
using EbpfPersonas.Agent.Tests.Link;
using EbpfPersonas.TestKit.Identity;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Identity;

public sealed class VmIdentityTests : IDisposable
{
    private readonly StateFolder _folder = new();
    private readonly TestAuthority _authority = new();
    private readonly FakeLog _log = new();

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void What_is_written_is_what_is_read()
    {
        var written = Credentials();
        var file = new CredentialsFile(_folder.Path, StateFolder.VmId);
        file.Save(written);

        var read = file.Load()!;
        Assert.Equal(written.Certificate.RawData, read.Certificate.RawData);
        Assert.True(read.Certificate.HasPrivateKey);
        Assert.True(TrustBundles.AreSame(written.Authorities, read.Authorities));
        Assert.Equal([file.Path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Credentials_that_the_disk_does_not_take_are_used_and_written_as_soon_as_it_does()
    {
        // Where the state directory should be, there is a file.
        var state = Path.Join(_folder.Path, "state");
        File.WriteAllText(state, "");
        var identity = new VmIdentity(
            new CredentialsFile(state, StateFolder.VmId), TimeProvider.System, _log.For<VmIdentity>());
        identity.Replace(Credentials());
        identity.KeepAgain();

        Assert.NotNull(identity.Usable);
        Assert.False(identity.IsKept);
        Assert.Equal(1, _log.Count("could not be written"));

        File.Delete(state);
        identity.KeepAgain();
        Assert.True(identity.IsKept);
        Assert.NotNull(new CredentialsFile(state, StateFolder.VmId).Load());
    }

    private VmCredentials Credentials()
    {
        using var key = VmKey.Create();
        return VmCredentials.Create(
            key,
            _authority.Sign(
                new System.Security.Cryptography.X509Certificates.PublicKey(key),
                CertificateOrder.Vm(StateFolder.VmId)),
            [_authority.Certificate], StateFolder.VmId);
    }
}
