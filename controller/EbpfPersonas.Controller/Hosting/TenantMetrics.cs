using Prometheus;

namespace EbpfPersonas.Controller.Hosting;

/// <summary>
/// What the controller counts about one tenant, in a registry of its own: nothing of other tenants is in it, and
/// nothing that other libraries count.
/// </summary>
internal sealed class TenantMetrics
{
    private static readonly double[] Buckets =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    private readonly Gauge _connected;
    private readonly Gauge _unrealised;
    private readonly Histogram _push;
    private readonly Histogram _activation;
    private readonly Counter _activations;
    private readonly Counter _rollbacks;

    public TenantMetrics()
    {
        var factory = Metrics.WithCustomRegistry(Registry);
        _connected = factory.CreateGauge("persona_controller_agents_connected", "Agents with a stream at this moment.");
        _unrealised = factory.CreateGauge(
            "persona_controller_unrealised_vms",
            "VMs whose datapath does not run, or is not known to run, what was decided for them.");
        _push = factory.CreateHistogram(
            "persona_controller_push_seconds",
            "From handing a desired state to an agent's stream until the agent's ACK or NACK.",
            new HistogramConfiguration { Buckets = Buckets });
        _activation = factory.CreateHistogram(
            "persona_controller_activation_seconds",
            "From the arrival of what caused an activation until the agent's ACK, by cause.",
            ["trigger"], new HistogramConfiguration { Buckets = Buckets });
        _activations = factory.CreateCounter(
            "persona_controller_activations_total",
            "Activations by cause (manual, trigger, default, rollback, none), result (realized, failed, superseded).",
            ["trigger", "result"]);
        _rollbacks = factory.CreateCounter(
            "persona_controller_rollbacks_total",
            "Personas that VMs left because they were not confirmed in time, by reason (timeout, agent_restart, " +
            "reboot).",
            ["reason"]);
    }

    public CollectorRegistry Registry { get; } = Metrics.NewCustomRegistry();

    /// <summary>Sets what <paramref name="unrealised"/> and <paramref name="connected"/> give at each scrape.</summary>
    public void OnScrape(Func<int> connected, Func<int> unrealised) => Registry.AddBeforeCollectCallback(() =>
    {
        _connected.Set(connected());
        _unrealised.Set(unrealised());
    });

    public void Pushed(TimeSpan untilAnswer) => _push.Observe(untilAnswer.TotalSeconds);

    public void Answered(string cause, string result, TimeSpan sinceCause)
    {
        _activations.WithLabels(cause, result).Inc();
        if (result == Store.ActivationResult.Realized)
        {
            _activation.WithLabels(cause).Observe(sinceCause.TotalSeconds);
        }
    }

    /// <summary>A VM switched by itself; how long that took nobody here saw.</summary>
    public void SwitchedByItself(string cause) =>
        _activations.WithLabels(cause, Store.ActivationResult.Realized).Inc();

    /// <summary>A VM left a persona again; a reason that agents of this version do not give is other.</summary>
    public void RolledBack(string reason) =>
        _rollbacks.WithLabels(reason is "timeout" or "agent_restart" or "reboot" ? reason : "other").Inc();

    public void Superseded(string cause) => _activations.WithLabels(cause, Store.ActivationResult.Superseded).Inc();
}
