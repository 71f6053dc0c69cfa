using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Personas.Identity;

namespace EbpfPersonas.Agent.Identity;

/// <summary>
/// Whom the agent takes for its controller on one channel, and what it presents itself. Judged in the handshake: to
/// anybody else not an octet is sent. Which host name the certificate has does not matter, for agents may come through
/// a relay, and whoever has a certificate of that authority in the controller's name is the controller.
/// </summary>
internal sealed class ControllerTrust
{
    private readonly Func<X509Certificate2, X509Certificate2Collection, string?> _judge;
    private volatile X509Certificate2? _controller;
    private volatile string? _refusal;

    private ControllerTrust(
        X509Certificate2? own, Func<X509Certificate2, X509Certificate2Collection, string?> judge)
    {
        _judge = judge;
        Options = new SslClientAuthenticationOptions
        {
            // TLS 1.2 would show everybody on the way who the VM is.
            EnabledSslProtocols = SslProtocols.Tls13,
            // Asked for before the callback below: who the VM is, only its controller hears too.
            LocalCertificateSelectionCallback = (_, _, _, remote, _) =>
                remote is X509Certificate2 certificate && Problem(certificate, []) is null ? own! : null!,
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                Judge(certificate as X509Certificate2, chain?.ChainPolicy.ExtraStore ?? []),
            // A session that is resumed would bring back the certificate of the connection before.
            AllowTlsResume = false,
            // What the platform thinks of the certificate does not count; it must not look around for that.
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            },
        };
    }

    /// <summary>For the handshakes of one channel.</summary>
    public SslClientAuthenticationOptions Options { get; }

    /// <summary>The certificate of the controller that was spoken to last; null = of none so far.</summary>
    public X509Certificate2? Controller => _controller;

    /// <summary>Why the last handshake was refused, a sentence; null = it was not.</summary>
    public string? Refusal => _refusal;

    /// <summary>As a VM that has enrolled.</summary>
    public static ControllerTrust Of(VmCredentials credentials, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        return new(credentials.Certificate, (certificate, _) => CertificateCheck.Problem(
            certificate, credentials.Authorities, CertificateCheck.ServerAuthentication, time.GetUtcNow()));
    }

    /// <summary>As a VM that has nothing but a token.</summary>
    public static ControllerTrust Of(EnrolmentToken token, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(token);
        return new(own: null, (certificate, sent) =>
            CertificateCheck.ProblemOfPinned(certificate, sent, token.Pin.Span, time.GetUtcNow()));
    }

    private string? Problem(X509Certificate2 certificate, X509Certificate2Collection sent) =>
        _judge(certificate, sent)
        ?? (SpiffeId.Of(certificate) == SpiffeId.Controller ? null : "not that of a controller");

    private bool Judge(X509Certificate2? certificate, X509Certificate2Collection sent)
    {
        var wrong = certificate is null ? "missing" : Problem(certificate, sent);
        _refusal = wrong is null ? null : $"The certificate of whoever answers is {wrong}; nothing was said to it.";
        if (wrong is null)
        {
            // The handshake's own object goes with the connection.
            _controller = X509CertificateLoader.LoadCertificate(certificate!.RawDataMemory.Span);
        }

        return wrong is null;
    }
}
