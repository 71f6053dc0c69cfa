using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Identity;

namespace EbpfPersonas.Controller.Identity;

/// <summary>Issues the certificates of VMs, each good for <paramref name="lifetime"/>.</summary>
internal sealed class CertificateIssuer(CertificateAuthority authority, TimeSpan lifetime, TimeProvider time)
{
    /// <summary>So much may the clock of a VM be behind.</summary>
    private static readonly TimeSpan MaxBackdating = TimeSpan.FromMinutes(5);

    /// <summary>A certificate that says that whoever has the key is <paramref name="vm"/>; not yet kept.</summary>
    public StoredCertificate Issue(VmKey vm, PublicKey key, string? tokenId = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        var now = time.GetUtcNow();
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(vm.Id);
        var backdating = lifetime / 10 < MaxBackdating ? lifetime / 10 : MaxBackdating;
        using var certificate = authority.Current.Issuing.Issue(
            subject.Build(), key,
            [
                new X509BasicConstraintsExtension(false, false, 0, critical: true),
                new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true),
                new X509EnhancedKeyUsageExtension([CertificateCheck.ClientAuthentication], critical: false),
                SubjectNames.Of(SpiffeId.OfVm(vm.Tenant, vm.Id), [], []),
            ],
            now - backdating, now + lifetime);
        return new StoredCertificate
        {
            Serial = SerialOf(certificate),
            Vm = vm,
            TokenId = tokenId,
            KeyPin = Convert.ToHexStringLower(KeyPin.Of(key)),
            Certificate = certificate.RawData,
            NotBefore = certificate.NotBefore,
            NotAfter = certificate.NotAfter,
        };
    }

    /// <summary>The serial number of a certificate, in hexadecimal digits.</summary>
    public static string SerialOf(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return Convert.ToHexStringLower(certificate.SerialNumberBytes.Span);
    }
}
