using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Personas.Json;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace EbpfPersonas.Controller.Access;

/// <summary>The way to the issuer, and whether its keys are there. For several threads.</summary>
internal sealed class OidcIssuer(OidcSettings settings, TimeProvider time, ILogger<OidcIssuer> log)
{
    /// <summary>
    /// A caller waits for the issuer at most this long, and only while nothing was ever heard from it.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Whoever sends anything makes us ask; so after a failure nobody does for a while.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private long _failed = -1;

    /// <summary>How the issuer is asked; throws <see cref="InvalidDataException"/>.</summary>
    public static SocketsHttpHandler Handler(OidcSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var handler = new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        if (settings.AuthoritiesFile is { } file)
        {
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                // An authority of one's own seldom says where its revocations are.
                RevocationMode = X509RevocationMode.NoCheck,
            };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(Read(file));
        }

        return handler;
    }

    /// <summary>Whether tokens can be checked at this moment.</summary>
    public async Task<bool> IsKnownAsync(IConfigurationManager<OpenIdConnectConfiguration> issuer)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        var failed = Interlocked.Read(ref _failed);
        if (failed >= 0 && time.GetElapsedTime(failed) < Pause)
        {
            return false;
        }

        try
        {
            // Not the request's token: others wait for the same answer.
            var found = await issuer.GetConfigurationAsync(CancellationToken.None);
            // OpenID Connect Discovery 1.0 section 4.3: else it may be anybody's whose document lies there.
            if (found.Issuer?.TrimEnd('/') != settings.Authority.OriginalString.TrimEnd('/'))
            {
                throw new InvalidOperationException($"It says that it is {Printable.Quote(found.Issuer ?? "")}.");
            }

            Interlocked.Exchange(ref _failed, -1);
            return true;
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or HttpRequestException)
        {
            Interlocked.Exchange(ref _failed, time.GetTimestamp());
            log.IssuerUnknown(settings.Authority, exception.GetBaseException().Message);
            return false;
        }
    }

    private static X509Certificate2Collection Read(string file)
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(file);
        }
        catch (CryptographicException)
        {
            // Said below.
        }

        return authorities.Count > 0
            ? authorities
            : throw new InvalidDataException($"{file} has no certificate that can be read.");
    }
}
