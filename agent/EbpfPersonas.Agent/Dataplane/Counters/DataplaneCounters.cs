namespace EbpfPersonas.Agent.Dataplane.Counters;

/// <summary>
/// Everything counted since the datapath was loaded, at one moment. Verdicts and rules without a packet are absent.
/// </summary>
public sealed record DataplaneCounters
{
    /// <summary>Packets by persona, direction, verdict and reason.</summary>
    public required IReadOnlyDictionary<VerdictKey, PacketCount> Verdicts { get; init; }

    /// <summary>
    /// Packets by persona and rule; a packet counts for the rule that decided and for one in audit mode before it.
    /// </summary>
    public required IReadOnlyDictionary<RuleKey, RuleCount> Rules { get; init; }

    /// <summary>
    /// First packets of flows, those of flows that were judged again, and what was stopped, by what a shadow would make
    /// of them.
    /// </summary>
    public required IReadOnlyDictionary<ShadowKey, ulong> Shadows { get; init; }

    /// <summary>Flows that conntrack remembers, expired ones included until their place is needed.</summary>
    public required long ConntrackEntries { get; init; }

    /// <summary>Share of each map that is in use, 0-1.</summary>
    public required IReadOnlyDictionary<string, double> MapUtilization { get; init; }
}
