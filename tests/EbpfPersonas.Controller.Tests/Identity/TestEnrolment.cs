using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Controller.Identity;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.TestKit.Agents;

namespace EbpfPersonas.Controller.Tests.Identity;

/// <summary>Enrols VMs without asking the controller.</summary>
internal static class TestEnrolment
{
    /// <summary>Of VMs in tests where there is one tenant.</summary>
    public const string Tenant = "default";

    public static async Task<FakeIdentity> EnrolAsync(
        CertificateAuthority authority, CertificateIssuer issuer, IIdentityStore store, VmKey vm, DateTimeOffset now)
    {
        var (_, token) = await new EnrolmentTokens(authority, store, TimeProvider.System)
            .CreateAsync(vm, TimeSpan.FromDays(2000), "test", audit: null);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var issued = issuer.Issue(vm, new PublicKey(key), token.Id);
        _ = await store.UseTokenAsync(issued, now, audit: null) ?? throw new InvalidOperationException("No token.");
        return Show(authority, issued.Certificate.Span, key);
    }

    /// <summary>What a VM shows that has this certificate and its key.</summary>
    public static FakeIdentity Show(CertificateAuthority authority, ReadOnlySpan<byte> certificate, ECDsa key)
    {
        using var bare = X509CertificateLoader.LoadCertificate(certificate);
        return new FakeIdentity(bare.CopyWithPrivateKey(key), authority.Current.Certificates);
    }
}
