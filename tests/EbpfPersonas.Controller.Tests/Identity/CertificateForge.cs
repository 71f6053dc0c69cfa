using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Controller.Identity;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Identity;
using EbpfPersonas.TestKit.Agents;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Identity;

/// <summary>Certificates of vm-1 of which one thing is wrong; but for that they are good and in the store.</summary>
internal sealed class CertificateForge(RunningController controller) : IDisposable
{
    public const string Vm1 = "spiffe://ebpf-personas/tenants/default/vms/vm-1";

    private readonly ECDsa _key = SigningRequests.NewKey();

    /// <summary>What is wrong, what comes of it, and how it is made.</summary>
    public static IReadOnlyDictionary<string, (string Sentence, Func<CertificateForge, Task<FakeIdentity>> Make)> Bad
    {
        get;
    } = new Dictionary<string, (string, Func<CertificateForge, Task<FakeIdentity>>)>
    {
        ["none"] = ("No client certificate", forge => Task.FromResult(new FakeIdentity(null, forge.Trusted))),
        ["of an authority of the same name"] = (
            "not from an authority that is trusted", forge => forge.MakeAsync(issuer: forge.Impostor())),
        ["signed by itself"] = (
            "not from an authority that is trusted", forge => forge.MakeAsync(issuer: forge.Itself())),
        ["for a server"] = (
            "not for this use", forge => forge.MakeAsync(usages: [CertificateCheck.ServerAuthentication])),
        ["for no use"] = ("not for this use", forge => forge.MakeAsync(usages: [])),
        ["expired"] = ("expired", forge => forge.MakeAsync(from: -10, to: -1)),
        ["not yet valid"] = ("not yet valid", forge => forge.MakeAsync(from: 1, to: 10)),
        ["not in the store"] = ("not known", forge => forge.MakeAsync(isKept: false)),
        ["of another VM in the store"] = (
            "not known", forge => forge.MakeAsync(keptAs: new VmKey(TestEnrolment.Tenant, "vm-2"))),
        ["of another tenant in the store"] = (
            "not known", forge => forge.MakeAsync(keptAs: new VmKey("other", "vm-1"))),
        ["revoked"] = ("revoked", forge => forge.MakeAsync(isRevoked: true)),
        ["with two names"] = ("exactly one URI name", forge => forge.MakeAsync([Vm1, Vm1.Replace('1', '2')])),
        ["with the same name twice"] = ("exactly one URI name", forge => forge.MakeAsync([Vm1, Vm1])),
        ["without a name"] = ("exactly one URI name", forge => forge.MakeAsync([])),
        ["of the controller"] = ("not that of a VM", forge => forge.MakeAsync([SpiffeId.Controller])),
        ["with an id that is none"] = ("not that of a VM", forge => forge.MakeAsync([Vm1 + "/../vm-2"])),
        ["with a blank in the id"] = ("not that of a VM", forge => forge.MakeAsync([Vm1 + " "])),
        ["with a tenant that is none"] = (
            "not that of a VM", forge => forge.MakeAsync([Vm1.Replace("default", "De", StringComparison.Ordinal)])),
    };

    private X509Certificate2Collection Trusted => Present.Current.Certificates;

    private CertificateAuthority Present => controller.Get<CertificateAuthority>();

    public void Dispose() => _key.Dispose();

    /// <summary>Valid from <paramref name="from"/> to <paramref name="to"/>, in minutes from now.</summary>
    public async Task<FakeIdentity> MakeAsync(
        IReadOnlyList<string>? names = null, Authority? issuer = null, IReadOnlyList<Oid>? usages = null,
        int from = -1, int to = 10, bool isKept = true, bool isRevoked = false, VmKey? keptAs = null)
    {
        var now = TimeProvider.System.GetUtcNow();
        var extensions = new List<X509Extension> { new X509BasicConstraintsExtension(false, false, 0, true) };
        if ((usages ?? [CertificateCheck.ClientAuthentication]) is { Count: > 0 } used)
        {
            extensions.Add(new X509EnhancedKeyUsageExtension([.. used], critical: false));
        }

        if ((names ?? [Vm1]) is { Count: > 0 } uris)
        {
            var builder = new AsnWriter(AsnEncodingRules.DER);
            using (builder.PushSequence())
            {
                foreach (var uri in uris)
                {
                    builder.WriteCharacterString(
                        UniversalTagNumber.IA5String, uri,
                        new Asn1Tag(TagClass.ContextSpecific, 6));
                }
            }

            extensions.Add(new X509Extension("2.5.29.17", builder.Encode(), critical: false));
        }

        using var certificate = (issuer ?? Present.Current.Issuing).Issue(
            new X500DistinguishedName("CN=vm-1"), new PublicKey(_key), extensions, now.AddMinutes(from),
            now.AddMinutes(to));
        if (isKept)
        {
            await KeepAsync(certificate, keptAs ?? new VmKey(TestEnrolment.Tenant, "vm-1"), now, isRevoked);
        }

        return TestEnrolment.Show(Present, certificate.RawData, _key);
    }

    private async Task KeepAsync(X509Certificate2 certificate, VmKey vm, DateTimeOffset now, bool isRevoked)
    {
        var store = controller.Get<IIdentityStore>();
        var (_, token) = await controller.Get<EnrolmentTokens>().CreateAsync(vm, TimeSpan.FromHours(1), "test", null);
        var kept = await store.UseTokenAsync(
            new StoredCertificate
            {
                Serial = CertificateIssuer.SerialOf(certificate),
                Vm = vm,
                TokenId = token.Id,
                KeyPin = Convert.ToHexStringLower(KeyPin.Of(certificate)),
                Certificate = certificate.RawData,
                NotBefore = certificate.NotBefore,
                NotAfter = certificate.NotAfter,
                Revoked = isRevoked ? now : null,
            },
            now, audit: null);
        Assert.NotNull(kept);
    }

    /// <summary>An authority that calls itself as the controller's.</summary>
    private Authority Impostor()
    {
        using var key = SigningRequests.NewKey();
        var request = new CertificateRequest(
            Present.Current.Issuing.Certificate.SubjectName, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        return Authority.Of(
            request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1)), issues: true, "impostor", now);
    }

    /// <summary>The VM's own key as an authority.</summary>
    private Authority Itself()
    {
        var request = new CertificateRequest("CN=vm-1", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        return Authority.Of(
            request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1)), issues: true, "itself", now);
    }
}
