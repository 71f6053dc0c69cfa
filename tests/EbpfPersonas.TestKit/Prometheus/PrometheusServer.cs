using System.Globalization;
using System.Text.Json;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Processes;

namespace EbpfPersonas.TestKit.Prometheus;

/// <summary>
/// Debian's Prometheus server, run in a lab host with a configuration and a store of its own, scraping every second.
/// </summary>
public sealed class PrometheusServer : IAsyncDisposable
{
    private const string Listen = "127.0.0.1:9090";

    private readonly RunningProcess _process;
    private readonly HttpClient _client;
    private readonly string _folder;

    private PrometheusServer(RunningProcess process, HttpClient client, string folder)
    {
        _process = process;
        _client = client;
        _folder = folder;
    }

    /// <summary>Starts the server and waits until it is ready.</summary>
    /// <param name="host">Where it runs; the targets must be reachable from there.</param>
    /// <param name="program">Path of the prometheus binary.</param>
    /// <param name="targets">What it reads.</param>
    public static async Task<PrometheusServer> StartAsync(
        LabHost host, string program, params ScrapeTarget[] targets)
    {
        var folder = Directory.CreateTempSubdirectory("ebpfp-prometheus-").FullName;
        var configuration = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(
            configuration, "global:\n  scrape_interval: 1s\nscrape_configs:\n" +
            string.Concat(targets.Select(target => target.ToYaml())));
        var process = host.Start(program,
            [
                $"--config.file={configuration}", $"--storage.tsdb.path={folder}/data",
                $"--web.listen-address={Listen}",
            ]);
        var server = new PrometheusServer(process, host.CreateHttpClient($"http://{Listen}"), folder);
        try
        {
            await process.WaitForOutputAsync("Server is ready to receive web requests", TimeSpan.FromSeconds(30));
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Evaluates a query now and returns the value of its only series, or null where there is none.</summary>
    public async Task<double?> QueryAsync(string query)
    {
        var answer = await _client.GetStringAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}");
        using var document = JsonDocument.Parse(answer);
        var result = document.RootElement.GetProperty("data").GetProperty("result");
        return result.GetArrayLength() switch
        {
            0 => null,
            1 => double.Parse(result[0].GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture),
            var count => throw new InvalidOperationException($"{query}: {count} series, expected one: {answer}"),
        };
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
