using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EbpfPersonas.Agent.Settings;
using EbpfPersonas.Personas.Identity;
using Microsoft.Extensions.Logging;

namespace EbpfPersonas.Agent.Metrics;

/// <summary>
/// TLS for the metrics: a client needs a certificate, from an authority that the operator names and from no other. The
/// files are read again when one of them was written; where they cannot be used then, those before stay.
/// </summary>
internal sealed class MetricsTls
{
    private readonly MetricsTlsFiles _files;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private SslServerAuthenticationOptions _options;
    private (DateTime Certificate, DateTime Key, DateTime ClientCa) _written;

    /// <summary>Throws <see cref="IOException"/> that names the setting.</summary>
    public MetricsTls(MetricsTlsFiles files, TimeProvider time, ILogger log)
    {
        (_files, _time, _log) = (files, time, log);
        _written = WrittenAt();
        _options = Load();
    }

    /// <summary>What a new connection is served with.</summary>
    public SslServerAuthenticationOptions Options
    {
        get
        {
            lock (_gate)
            {
                var written = WrittenAt();
                if (written != _written)
                {
                    _written = written;
                    LoadAgain();
                }

                return _options;
            }
        }
    }

    private void LoadAgain()
    {
        try
        {
            _options = Load();
        }
        catch (IOException unusable)
        {
            Log.MetricsTlsUnusable(_log, unusable.Message);
        }
    }

    private (DateTime Certificate, DateTime Key, DateTime ClientCa) WrittenAt() =>
        (File.GetLastWriteTimeUtc(_files.Certificate), File.GetLastWriteTimeUtc(_files.Key),
            File.GetLastWriteTimeUtc(_files.ClientCa));

    private SslServerAuthenticationOptions Load()
    {
        var certificate = Read(
            "metrics_certificate and metrics_key", $"{_files.Certificate}, {_files.Key}",
            () => X509Certificate2.CreateFromPemFile(_files.Certificate, _files.Key));
        var between = ReadCertificates("metrics_certificate", _files.Certificate);
        var trusted = ReadCertificates("metrics_client_ca", _files.ClientCa);
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, between, offline: true),
            ClientCertificateRequired = true,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            // The client of a session that is resumed would not be judged anew.
            AllowTlsResume = false,
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            },
            RemoteCertificateValidationCallback = (_, client, _, _) => client is X509Certificate2 presented
                && CertificateCheck.Problem(
                    presented, trusted, CertificateCheck.ClientAuthentication, _time.GetUtcNow()) is null,
        };
    }

    private static X509Certificate2Collection ReadCertificates(string setting, string path)
    {
        var certificates = Read(setting, path, () =>
        {
            var found = new X509Certificate2Collection();
            found.ImportFromPemFile(path);
            return found;
        });
        return certificates.Count > 0 ? certificates : throw new IOException($"{setting}: {path} has no certificate.");
    }

    private static T Read<T>(string setting, string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception unusable) when (
            unusable is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new IOException($"{setting}: {path}: {unusable.Message}", unusable);
        }
    }
}
