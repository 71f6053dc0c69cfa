using System.Text.Json.Nodes;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Processes;
using EbpfPersonas.TestKit.Prometheus;

namespace EbpfPersonas.TestKit.Deployment;

/// <summary>A real controller in a lab host, with a store that outlives restarts and goes with this object.</summary>
public sealed class ControllerProcess : IAsyncDisposable
{
    private const int ApiPort = 7070;
    private const int AgentsPort = 7071;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly LabHost _host;
    private readonly string _address;
    private readonly string _folder = Directory.CreateTempSubdirectory("ebpfp-controller-").FullName;
    private readonly HttpClient _http;
    private RunningProcess? _process;

    private ControllerProcess(LabHost host, string address)
    {
        _host = host;
        _address = address;
        _http = host.CreateHttpClient($"http://{address}:{ApiPort}");
        Api = new ControllerClient(_http);
    }

    /// <summary>REST calls, made from the controller's own host.</summary>
    public ControllerClient Api { get; }

    /// <summary>Where agents connect.</summary>
    public string AgentsUrl => $"http://{_address}:{AgentsPort}";

    /// <summary>Where Prometheus scrapes.</summary>
    public string MetricsAddress => $"{_address}:{ApiPort}";

    /// <summary>All that the running process has printed.</summary>
    public string Output => _process?.Output ?? "";

    public async Task<IReadOnlyList<Sample>> ReadMetricsAsync() =>
        PrometheusText.Read(await _http.GetStringAsync("/metrics"));

    /// <summary>Starts it and waits until it says that it is ready.</summary>
    public static async Task<ControllerProcess> StartAsync(LabHost host, string address)
    {
        var controller = new ControllerProcess(host, address);
        try
        {
            var settings = new JsonObject
            {
                ["api_listen"] = $"http://{address}:{ApiPort}",
                ["agents_listen"] = $"http://{address}:{AgentsPort}",
                ["store"] = Path.Combine(controller._folder, "controller.db"),
                ["allow_plaintext"] = true,
            };
            await File.WriteAllTextAsync(Path.Combine(controller._folder, "controller.json"), settings.ToJsonString());
            await controller.StartAgainAsync();
            return controller;
        }
        catch
        {
            await controller.DisposeAsync();
            throw;
        }
    }

    public async Task StopAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
            _process = null;
        }
    }

    /// <summary>Starts it on the store it had.</summary>
    public async Task StartAgainAsync()
    {
        _process = _host.Start(
            "dotnet", [BuiltProduct.Controller, "--config", Path.Combine(_folder, "controller.json")]);
        await Eventually.TrueAsync(IsReadyAsync, Patience, () => $"the controller is ready; it said:\n{Output}");
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<bool> IsReadyAsync()
    {
        if (_process!.HasExited)
        {
            throw new InvalidOperationException($"The controller ended at start:\n{Output}");
        }

        try
        {
            using var answer = await _http.GetAsync("/readyz");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
