namespace EbpfPersonas.TestKit.Prometheus;

/// <summary>Where Prometheus reads /metrics by https.</summary>
/// <param name="Job">The name of the job.</param> <param name="Address">Address and port.</param>
/// <param name="AuthorityFile">Where the server's certificate may come from.</param>
public sealed record ScrapeTarget(string Job, string Address, string AuthorityFile)
{
    /// <summary>The certificate that it shows, with its key; or none.</summary>
    public (string CertificateFile, string KeyFile)? Client { get; init; }

    /// <summary>The bearer token that it sends, or none.</summary>
    public string? Token { get; init; }

    /// <summary>The job in Prometheus' configuration.</summary>
    public string ToYaml()
    {
        var client = Client is { } files
            ? $"      cert_file: {files.CertificateFile}\n      key_file: {files.KeyFile}\n"
            : "";
        var token = Token is null ? "" : $"    authorization:\n      credentials: {Token}\n";
        return $"  - job_name: {Job}\n    scheme: https\n" +
            $"    tls_config:\n      ca_file: {AuthorityFile}\n{client}{token}" +
            $"    static_configs:\n      - targets: ['{Address}']\n";
    }
}
