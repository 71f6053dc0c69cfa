using System.Globalization;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Agent.Dataplane.Interfaces;
using Prometheus;

namespace EbpfPersonas.Agent.Metrics;

/// <summary>
/// The agent's metrics, with the names of the interface description. Counters are read from the maps when somebody asks
/// for them.
/// </summary>
internal sealed class AgentMetrics : IDisposable
{
    /// <summary>Rules with a series of their own.</summary>
    public const int RuleSeriesMax = 1000;

    private static readonly double[] ReportBuckets =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private static readonly string[] Urgency = ["batched", "urgent"];

    private static readonly string[] VerdictLabels = ["persona", "direction", "verdict", "reason"];

    private readonly SemaphoreSlim _one = new(1);
    private readonly Action _readAll;
    private readonly CollectorRegistry _registry = Prometheus.Metrics.NewCustomRegistry();
    private readonly RuleSeries _rules = new(RuleSeriesMax);
    private readonly Counter _packets;
    private readonly Counter _bytes;
    private readonly Counter _ruleHits;
    private readonly Counter _ruleBytes;
    private readonly Gauge _ruleLastHit;
    private readonly Dictionary<RuleKey, ulong> _lastHits = [];
    private readonly TimeProvider _time;
    private readonly Counter _shadowPackets;
    private readonly Gauge _active;
    private readonly Counter _switches;
    private readonly Histogram _swapSeconds;
    private readonly Histogram _reportSeconds;
    private readonly Gauge _conntrackEntries;
    private readonly Gauge _mapUtilization;
    private readonly Counter _earlyDenials;
    private readonly Counter _eventsLost;
    private readonly Gauge _connected;
    private readonly Counter _unfiltered;
    private readonly Counter _repairs;
    private readonly Gauge _contact;
    private readonly Gauge _certificateExpiry;
    private readonly Counter _fallbacks;
    private readonly Counter _rollbacks;
    private string[]? _activeLabels;

    /// <summary>Registers every name.</summary>
    public AgentMetrics(AgentReadings readings, TimeProvider time)
    {
        _time = time;
        var factory = Prometheus.Metrics.WithCustomRegistry(_registry);
        _packets = factory.CreateCounter("persona_agent_packets_total", "Packets judged.", VerdictLabels);
        _bytes = factory.CreateCounter("persona_agent_bytes_total", "Octets of the frames judged.", VerdictLabels);
        _ruleHits = factory.CreateCounter(
            "persona_agent_rule_hits_total", "Packets that a rule decided; rules with hits only.", "persona", "rule");
        _ruleBytes = factory.CreateCounter(
            "persona_agent_rule_bytes_total", "Octets of the frames that a rule decided.", "persona", "rule");
        _ruleLastHit = factory.CreateGauge(
            "persona_agent_rule_last_hit_timestamp_seconds",
            "When a rule decided the last time, Unix time; rules with a series of their own only.",
            "persona",
            "rule");
        _shadowPackets = factory.CreateCounter(
            "persona_agent_shadow_packets_total",
            "Packets on which rules were asked (first of flows, stopped ones), by what became of them (verdict) and "
            + "what would have under the persona in audit mode (shadow_verdict).",
            "persona",
            "direction",
            "verdict",
            "shadow_verdict");
        _active = factory.CreateGauge("persona_agent_active", "1 for the persona in force.", "persona", "revision");
        _switches = factory.CreateCounter("persona_agent_switches_total", "Switches of the persona in force.", "cause");
        _swapSeconds = factory.CreateHistogram(
            "persona_agent_swap_seconds",
            "From reading a desired state to having it in force.",
            new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(0.0001, 2, 16) });
        _reportSeconds = factory.CreateHistogram(
            "persona_agent_report_seconds",
            "From an exec until it was written to the stream: at once, as the controller waits for it, or with others.",
            ["urgency"],
            new HistogramConfiguration { Buckets = ReportBuckets });
        // There from the start, so that a rate begins with the first report.
        _ = (_reportSeconds.WithLabels(Urgency[0]), _reportSeconds.WithLabels(Urgency[1]));
        _conntrackEntries = factory.CreateGauge("persona_agent_conntrack_entries", "Flows remembered.");
        _mapUtilization = factory.CreateGauge(
            "persona_agent_map_utilization_ratio", "Share of a BPF map in use.", "map");
        _earlyDenials = factory.CreateCounter(
            "persona_agent_early_denials_total",
            "System calls of local programs that failed at once (EPERM), as the filter would stop their packets.",
            "hook");
        _eventsLost = factory.CreateCounter(
            "persona_agent_events_lost_total",
            "Events that had no room: in the kernel's ring (process), in the table of processes (process_table).",
            "source");
        _connected = factory.CreateGauge(
            "persona_agent_controller_connected", "1 while the stream to the controller stands.");
        _unfiltered = factory.CreateCounter(
            "persona_agent_unfiltered_packets_total",
            "Packets that passed interfaces which appeared, before they had a filter.",
            "direction");
        _repairs = factory.CreateCounter(
            "persona_agent_filter_repairs_total",
            "Filters of interfaces that somebody had removed, replaced or bypassed, and that were put right.");
        _contact = factory.CreateGauge(
            "persona_agent_controller_contact_age_seconds",
            "Since the controller was heard of; 0 while the stream stands, no sample before the first time.",
            new GaugeConfiguration { SuppressInitialValue = true });
        _certificateExpiry = factory.CreateGauge(
            "persona_agent_certificate_expiry_timestamp_seconds",
            "When the VM's certificate expires, Unix time; 0 = it has none.");
        _fallbacks = factory.CreateCounter(
            "persona_agent_state_fallbacks_total",
            "What was kept on disk and could not be used at the start, by reason.",
            "reason");
        _rollbacks = factory.CreateCounter(
            "persona_agent_rollbacks_total",
            "Personas that were left because they were not confirmed in time, since this agent started, by reason.",
            "reason");
        _readAll = () =>
        {
            Take(readings.Counters());
            Take(readings.Realised());
            Take(readings.Interfaces());
            foreach (var (hook, count) in readings.EarlyDenials())
            {
                _earlyDenials.WithLabels(hook).IncTo(count);
            }

            foreach (var (source, count) in readings.EventsLost())
            {
                _eventsLost.WithLabels(source).IncTo(count);
            }

            foreach (var (reason, count) in readings.Rollbacks())
            {
                _rollbacks.WithLabels(reason).IncTo(count);
            }

            foreach (var (reason, count) in readings.Fallbacks())
            {
                _fallbacks.WithLabels(reason).IncTo(count);
            }

            _certificateExpiry.Set(readings.CertificateExpiry()?.ToUnixTimeSeconds() ?? 0);
            var connects = readings.Connected();
            _connected.Set(connects ? 1 : 0);
            if (connects || readings.Contact() is not null)
            {
                _contact.Set(connects ? 0 : Math.Max(0, (_time.GetUtcNow() - readings.Contact()!.Value).TotalSeconds));
            }
        };
    }

    /// <summary>
    /// Reads the maps and writes everything in Prometheus' text format. One at a time: the series that a rule has, and
    /// the persona that was active last, are remembered between scrapes. What fails comes out here, and not as figures
    /// of yesterday.
    /// </summary>
    public async Task ExportAsync(Stream to, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            _readAll();
            await _registry.CollectAndExportAsTextAsync(to, ExpositionFormat.PrometheusText, cancellation);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    /// <summary>The persona in force changed because of <paramref name="cause"/>.</summary>
    public void Switched(string cause, TimeSpan took)
    {
        _switches.WithLabels(cause).Inc();
        _swapSeconds.Observe(took.TotalSeconds);
    }

    /// <summary>An exec was written to the stream so long after it happened.</summary>
    public void Reported(TimeSpan age, bool isUrgent) =>
        _reportSeconds.WithLabels(Urgency[isUrgent ? 1 : 0]).Observe(age.TotalSeconds);

    private void Take(DataplaneCounters counters)
    {
        foreach (var (key, count) in counters.Verdicts)
        {
            string[] labels = [key.Persona, key.Direction.Word(), key.Verdict.Word(), key.Reason.Word()];
            _packets.WithLabels(labels).IncTo(count.Packets);
            _bytes.WithLabels(labels).IncTo(count.Bytes);
        }

        foreach (var (rule, count) in _rules.Sum(counters.Rules))
        {
            _ruleHits.WithLabels(rule.Persona, rule.Rule).IncTo(count.Packets);
            _ruleBytes.WithLabels(rule.Persona, rule.Rule).IncTo(count.Bytes);
            TakeLastHit(rule, count.LastHit);
        }

        foreach (var (key, count) in counters.Shadows)
        {
            _shadowPackets
                .WithLabels(key.Shadow, key.Direction.Word(), WordOf(key.Passes), WordOf(key.WouldPass))
                .IncTo(count);
        }

        _conntrackEntries.Set(counters.ConntrackEntries);
        foreach (var (map, share) in counters.MapUtilization)
        {
            _mapUtilization.WithLabels(map).Set(share);
        }
    }

    private static string WordOf(bool passes) => (passes ? Verdict.Forwarded : Verdict.Dropped).Word();

    /// <summary>
    /// Converted once for each new hit: computed again at every scrape, the time of an old one would tremble, and jump
    /// with the clock.
    /// </summary>
    private void TakeLastHit(RuleKey rule, ulong lastHit)
    {
        if (rule != RuleSeries.OtherKey && lastHit != _lastHits.GetValueOrDefault(rule))
        {
            // CLOCK_MONOTONIC in ns is what TimeProvider.System counts on Linux.
            var when = _time.GetUtcNow() - _time.GetElapsedTime((long)lastHit);
            _ruleLastHit.WithLabels(rule.Persona, rule.Rule).Set(when.ToUnixTimeMilliseconds() / 1000.0);
            _lastHits[rule] = lastHit;
        }
    }

    private void Take(InterfaceTotals interfaces)
    {
        _unfiltered.WithLabels(PacketDirection.Ingress.Word()).IncTo(interfaces.Unfiltered.Received);
        _unfiltered.WithLabels(PacketDirection.Egress.Word()).IncTo(interfaces.Unfiltered.Sent);
        _repairs.IncTo(interfaces.Repairs);
    }

    private void Take(RealisedState realised)
    {
        string[]? labels = realised.Persona is { } persona
            ? [persona, realised.Revision.ToString(CultureInfo.InvariantCulture)]
            : null;
        if (_activeLabels is { } before && (labels is null || !labels.SequenceEqual(before)))
        {
            _active.RemoveLabelled(before);
        }

        if (labels is not null)
        {
            _active.WithLabels(labels).Set(1);
        }

        _activeLabels = labels;
    }
}
