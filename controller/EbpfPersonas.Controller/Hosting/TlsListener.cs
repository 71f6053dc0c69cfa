using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Controller.Identity;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace EbpfPersonas.Controller.Hosting;

/// <summary>TLS at a listener, with the controller's certificate of that moment.</summary>
internal static class TlsListener
{
    /// <summary>A handshake takes two round trips; who takes longer holds a connection for nothing.</summary>
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Agents speak TLS 1.3, which hides who they are from whoever listens in, and may show a certificate. Any is taken
    /// here; the handshake proves that its key is there. What it is worth is judged where a refusal has a sentence.
    /// </summary>
    public static void UseTlsForAgents(this ListenOptions listen)
    {
        ArgumentNullException.ThrowIfNull(listen);
        var certificate = Certificate(listen);
        Use(listen, () => new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificate.Current,
            EnabledSslProtocols = SslProtocols.Tls13,
            ClientCertificateRequired = true,
            // What is accepted here is a client's certificate, and only to be judged.
#pragma warning disable CA5359
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
            CertificateChainPolicy = Unbuilt(),
            // Each connection proves anew that the key is there.
            AllowTlsResume = false,
        });
    }

    /// <summary>Clients of the REST API show no certificate.</summary>
    public static void UseTlsForClients(this ListenOptions listen)
    {
        ArgumentNullException.ThrowIfNull(listen);
        var certificate = Certificate(listen);
        Use(listen, () => new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificate.Current,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        });
    }

    private static ServerCertificate Certificate(ListenOptions listen) =>
        listen.ApplicationServices.GetRequiredService<ServerCertificate>();

    private static void Use(ListenOptions listen, Func<SslServerAuthenticationOptions> options) =>
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = HandshakeTimeout,
            OnConnection = _ => ValueTask.FromResult(options()),
        });

    /// <summary>A stranger's certificate may name addresses to ask; nobody asks them.</summary>
    private static X509ChainPolicy Unbuilt() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
    };
}
