namespace EbpfPersonas.Controller.Hosting;

/// <summary>The settings of one controller process.</summary>
internal sealed record ControllerSettings
{
    /// <summary>The configuration file that is read where no other is named, if it is there.</summary>
    public const string DefaultFile = "/etc/ebpf-personas/controller.json";

    /// <summary>REST, server-sent events, OpenAPI, probes and metrics.</summary>
    public ListenAddress ApiListen { get; init; } = new(System.Net.IPAddress.Loopback, 7070);

    /// <summary>gRPC over HTTP/2.</summary>
    public ListenAddress AgentsListen { get; init; } = new(System.Net.IPAddress.Loopback, 7071);

    /// <summary>Path of the SQLite file; it and its folder are made where they are missing.</summary>
    public string Store { get; init; } = "/var/lib/ebpf-personas/controller.db";

    /// <summary>
    /// Requests a second of one token, 1-100,000, and twice as many at once after a pause.
    /// </summary>
    public int RequestsPerSecond { get; init; } = 200;

    /// <summary>Whether plain HTTP is served beyond loopback.</summary>
    public bool AllowPlaintext { get; init; }
}
