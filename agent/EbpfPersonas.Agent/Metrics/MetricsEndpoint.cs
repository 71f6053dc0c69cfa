using EbpfPersonas.Agent.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Prometheus;

namespace EbpfPersonas.Agent.Metrics;

/// <summary>Serves <see cref="AgentMetrics"/> over HTTP at /metrics.</summary>
internal sealed class MetricsEndpoint(AgentSettings settings, AgentMetrics metrics, ILogger<MetricsEndpoint> log) : IHostedService, IDisposable
{
    private readonly MetricServer _server = new(
        settings.MetricsListen.Address.ToString(), settings.MetricsListen.Port, registry: metrics.Registry);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _server.Start();
        Log.MetricsListening(log, settings.MetricsListen);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => _server.StopAsync();

    /// <inheritdoc/>
    public void Dispose() => ((IDisposable)_server).Dispose();
}
