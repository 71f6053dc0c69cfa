using EbpfPersonas.Controller.Access;

namespace EbpfPersonas.Controller.Hosting;

/// <summary>The settings of one controller process.</summary>
internal sealed record ControllerSettings
{
    /// <summary>The configuration file that is read where no other is named, if it is there.</summary>
    public const string DefaultFile = "/etc/ebpf-personas/controller.json";

    /// <summary>REST, server-sent events, OpenAPI, probes and metrics.</summary>
    public ListenAddress ApiListen { get; init; } = new(System.Net.IPAddress.Loopback, 7070);

    /// <summary>gRPC over HTTP/2 and TLS.</summary>
    public ListenAddress AgentsListen { get; init; } = new(System.Net.IPAddress.Loopback, 7071, IsTls: true);

    /// <summary>Path of the SQLite file; it and its folder are made where they are missing.</summary>
    public string Store { get; init; } = "/var/lib/ebpf-personas/controller/controller.db";

    /// <summary>
    /// Requests a second of one token, 1-100,000, and twice as many at once after a pause.
    /// </summary>
    public int RequestsPerSecond { get; init; } = 200;

    /// <summary>
    /// DNS names and addresses that clients call this machine by, beside its own, for the controller's certificate.
    /// </summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>PEM file of an authority from outside; null = the controller makes its own.</summary>
    public string? CaCertificate { get; init; }

    /// <summary>PEM file of the key of <see cref="CaCertificate"/>.</summary>
    public string? CaKey { get; init; }

    /// <summary>How long a VM's certificate is good: 10 seconds to 30 days.</summary>
    public TimeSpan CertificateLifetime { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How long is waited for peers.</summary>
    public PeerPatience Patience { get; init; } = new();

    /// <summary>An issuer whose tokens count beside the controller's own; null = none does.</summary>
    public OidcSettings? Oidc { get; init; }

    /// <summary>Where the controller's own authority is kept.</summary>
    public string CaFolder => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(Store))!, "ca");
}
