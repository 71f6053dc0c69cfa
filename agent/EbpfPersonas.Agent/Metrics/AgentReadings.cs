using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Agent.Dataplane.Interfaces;

namespace EbpfPersonas.Agent.Metrics;

/// <summary>
/// Where the figures come from: each is asked at every scrape, and throws what the scrape then fails with.
/// </summary>
internal sealed record AgentReadings
{
    /// <summary>What the filter counted.</summary>
    public required Func<DataplaneCounters> Counters { get; init; }

    /// <summary>What is in force.</summary>
    public required Func<RealisedState> Realised { get; init; }

    /// <summary>System calls refused, by hook.</summary>
    public required Func<IEnumerable<(string Hook, ulong Count)>> EarlyDenials { get; init; }

    /// <summary>Events that had no room, by source.</summary>
    public required Func<IEnumerable<(string Source, ulong Count)>> EventsLost { get; init; }

    /// <summary>Whether the stream to the controller stands.</summary>
    public required Func<bool> Connected { get; init; }

    /// <summary>When the controller was heard of; null = never.</summary>
    public required Func<DateTimeOffset?> Contact { get; init; }

    /// <summary>When the VM's certificate expires; null = it has none.</summary>
    public required Func<DateTimeOffset?> CertificateExpiry { get; init; }

    /// <summary>What happened to the filters of interfaces.</summary>
    public required Func<InterfaceTotals> Interfaces { get; init; }

    /// <summary>Personas that were not confirmed in time, by reason.</summary>
    public required Func<IEnumerable<(string Reason, long Count)>> Rollbacks { get; init; }

    /// <summary>What was kept on disk and could not be used, by reason.</summary>
    public required Func<IEnumerable<(string Reason, long Count)>> Fallbacks { get; init; }
}
