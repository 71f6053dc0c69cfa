using System.Collections.Concurrent;
using EbpfPersonas.Controller.Access;
using Prometheus;

namespace EbpfPersonas.Controller.Hosting;

/// <summary>What the controller counts, for each tenant apart; /metrics gives a caller those of its own.</summary>
internal sealed class ControllerMetrics
{
    private readonly ConcurrentDictionary<string, TenantMetrics> _tenants = new(StringComparer.Ordinal);
    private Func<string, int> _connected = _ => 0;
    private Func<string, int> _unrealised = _ => 0;

    /// <summary>A tenant's; it begins at 0 where the tenant is new.</summary>
    public TenantMetrics Of(string tenant) => _tenants.GetOrAdd(tenant, name =>
    {
        var metrics = new TenantMetrics();
        metrics.OnScrape(() => _connected(name), () => _unrealised(name));
        return metrics;
    });

    /// <summary>Sets what is asked for at each scrape: of a tenant's agents and VMs, how many.</summary>
    public void OnScrape(Func<string, int> connected, Func<string, int> unrealised) =>
        (_connected, _unrealised) = (connected, unrealised);

    public async Task ExportAsync(Caller caller, HttpResponse response)
    {
        response.ContentType = PrometheusConstants.TextContentType;
        await Of(caller.Tenant).Registry.CollectAndExportAsTextAsync(
            response.Body, response.HttpContext.RequestAborted);
    }
}
