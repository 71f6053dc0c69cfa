using System.Collections.Immutable;
using System.Net;
using EbpfPersonas.Agent.Dataplane;

namespace EbpfPersonas.Agent.Settings;

/// <summary>What the operator set, checked.</summary>
internal sealed record AgentSettings
{
    /// <summary>Where the controller listens for agents: https, an address or a name.</summary>
    public required Uri Controller { get; init; }

    /// <summary>Who this VM is: 1-64 characters of [A-Za-z0-9._-].</summary>
    public required string VmId { get; init; }

    /// <summary>Absolute path of the folder for what must survive a restart.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>Where Prometheus reads metrics.</summary>
    public required IPEndPoint MetricsListen { get; init; }

    /// <summary>Metrics over TLS, for clients with a certificate; null = plain HTTP, on loopback only.</summary>
    public MetricsTlsFiles? MetricsTls { get; init; }

    /// <summary>Absolute path of the file that an enrolment token is looked for in; null = none.</summary>
    public string? EnrolmentTokenFile { get; init; }

    /// <summary>How filters hang on the interfaces.</summary>
    public required AttachMode Attach { get; init; }

    /// <summary>
    /// Which cgroup v2 gets early verdicts: an absolute path, auto (the root of the hierarchy), or none.
    /// </summary>
    public required string Cgroup { get; init; }

    /// <summary>Room for all personas in the maps together, 1-1,024 MiB.</summary>
    public required int PolicyMemoryMib { get; init; }

    /// <summary>Rules of all personas in the maps that are counted, 1,024-1,048,576.</summary>
    public required int RuleCapacity { get; init; }

    /// <summary>Flows that pass before any persona is asked, beside those that the agent needs itself.</summary>
    public required ImmutableArray<FailsafeFlow> Failsafe { get; init; }

    /// <summary>
    /// The folder on a bpffs in which what is in force outlives the agent; null = it ends with the agent.
    /// </summary>
    public string? PinDirectory { get; init; }

    /// <summary>Absolute path of the persona document that stands in for a controller's; null = none.</summary>
    public string? Baseline { get; init; }

    /// <summary>Sizes and times of conntrack.</summary>
    public ConntrackOptions Conntrack { get; init; } = new();

    /// <summary>
    /// Whether the kernel switches by itself where it can judge a trigger; else the controller decides.
    /// </summary>
    public required bool InKernelActivation { get; init; }
}
