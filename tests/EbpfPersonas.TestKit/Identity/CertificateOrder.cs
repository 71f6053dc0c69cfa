namespace EbpfPersonas.TestKit.Identity;

/// <summary>What a <see cref="TestAuthority"/> is to sign; also what no real one would.</summary>
public sealed record CertificateOrder
{
    /// <summary>TLS server authentication.</summary>
    public const string ForServers = "1.3.6.1.5.5.7.3.1";

    /// <summary>TLS client authentication.</summary>
    public const string ForClients = "1.3.6.1.5.5.7.3.2";

    /// <summary>The certificate of the controller itself, good for an hour from now.</summary>
    public static CertificateOrder Controller =>
        new() { Usage = ForServers, UriNames = ["spiffe://ebpf-personas/controller"] };

    public required string Usage { get; init; }

    public required IReadOnlyList<string> UriNames { get; init; }

    /// <summary>Host names and addresses, for clients that look at these.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    public DateTimeOffset NotBefore { get; init; } = TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(5);

    public DateTimeOffset NotAfter { get; init; } = TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1);

    /// <summary>The certificate of a VM, good for an hour from now.</summary>
    public static CertificateOrder Vm(string vmId, string tenant = "default") =>
        new() { Usage = ForClients, UriNames = [$"spiffe://ebpf-personas/tenants/{tenant}/vms/{vmId}"] };
}
