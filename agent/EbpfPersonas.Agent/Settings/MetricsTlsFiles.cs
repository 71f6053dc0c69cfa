namespace EbpfPersonas.Agent.Settings;

/// <summary>What the metrics are served with over TLS: absolute paths, PEM.</summary>
/// <param name="Certificate">The server's certificate; those between it and its authority may follow.</param>
/// <param name="Key">Its private key.</param>
/// <param name="ClientCa">The authorities of clients.</param>
internal sealed record MetricsTlsFiles(string Certificate, string Key, string ClientCa);
