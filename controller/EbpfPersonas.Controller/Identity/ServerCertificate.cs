using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Personas.Identity;

namespace EbpfPersonas.Controller.Identity;

/// <summary>
/// What the controller shows to agents and clients. It lives in memory alone, and is made anew at half of its life and
/// when another authority issues. For several threads.
/// </summary>
internal sealed class ServerCertificate(
    CertificateAuthority authority, IReadOnlyCollection<string> names, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    private readonly Lock _making = new();
    private Made? _made;

    /// <summary>The present one, with what is sent beside it.</summary>
    public SslStreamCertificateContext Current
    {
        get
        {
            var issuing = authority.Current.Issuing;
            lock (_making)
            {
                if (_made is null || _made.Issuer != issuing.Pin || time.GetUtcNow() >= _made.Renewal)
                {
                    // The one before is not disposed: a handshake may be using it.
                    _made = Make(issuing);
                }

                return _made.Context;
            }
        }
    }

    private Made Make(Authority issuing)
    {
        var now = time.GetUtcNow();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var addresses = names.Select(name => IPAddress.TryParse(name, out var address) ? address : null)
            .OfType<IPAddress>();
        using var bare = issuing.Issue(
            new X500DistinguishedName("CN=EbpfPersonas controller"),
            new PublicKey(key),
            [
                new X509BasicConstraintsExtension(false, false, 0, critical: true),
                new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true),
                new X509EnhancedKeyUsageExtension([CertificateCheck.ServerAuthentication], critical: false),
                SubjectNames.Of(
                    SpiffeId.Controller, names.Where(name => !IPAddress.TryParse(name, out _)), addresses),
            ],
            now.AddHours(-1), now + Lifetime);
        var certificate = bare.CopyWithPrivateKey(key);
        return new Made(
            issuing.Pin, SslStreamCertificateContext.Create(certificate, [issuing.Cross], offline: true),
            now + ((new DateTimeOffset(certificate.NotAfter) - now) / 2));
    }

    private sealed record Made(string Issuer, SslStreamCertificateContext Context, DateTimeOffset Renewal);
}
