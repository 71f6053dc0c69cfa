using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;

namespace EbpfPersonas.TestKit.Agents;

/// <summary>What a VM shows to its controller, or nothing, and whom it trusts.</summary>
public sealed record FakeIdentity(X509Certificate2? Certificate, X509Certificate2Collection Authorities)
{
    /// <summary>A channel of a connection of its own.</summary>
    public GrpcChannel Open(string address) => GrpcChannel.ForAddress(address, new GrpcChannelOptions
    {
        DisposeHttpClient = true,
        HttpHandler = new SocketsHttpHandler { SslOptions = Tls() },
    });

    /// <summary>Of a client that shows the certificate.</summary>
    public SslClientAuthenticationOptions Tls() => new()
    {
        // Shown whatever it is good for, unlike one that is chosen from a list.
        ClientCertificateContext = Certificate is null
            ? null
            : SslStreamCertificateContext.Create(Certificate, null, offline: true),
        RemoteCertificateValidationCallback = (_, certificate, _, _) => Trusts((X509Certificate2?)certificate),
    };

    /// <summary>Whether a certificate is from a trusted authority. The controller's clock may be far away.</summary>
    private bool Trusts(X509Certificate2? certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        chain.ChainPolicy.CustomTrustStore.AddRange(Authorities);
        return certificate is not null && chain.Build(certificate);
    }
}
