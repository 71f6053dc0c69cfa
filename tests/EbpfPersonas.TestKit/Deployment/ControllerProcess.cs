using System.Security.Cryptography.X509Certificates;
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
    private HttpClient? _http;
    private ControllerClient? _api;
    private RunningProcess? _process;

    private ControllerProcess(LabHost host, string address) => (_host, _address) = (host, address);

    /// <summary>REST calls of an administrator, made from the controller's own host.</summary>
    public ControllerClient Api => _api!;

    /// <summary>Where agents connect.</summary>
    public string AgentsUrl => $"https://{_address}:{AgentsPort}";

    /// <summary>The administrator's token.</summary>
    public string Token { get; private set; } = "";

    /// <summary>A PEM file of the authorities that the controller's certificate may come from.</summary>
    public string AuthoritiesFile => Path.Combine(_folder, "authorities.pem");

    /// <summary>Where its settings, its store and its authority are.</summary>
    public string Folder => _folder;

    /// <summary>Where Prometheus scrapes.</summary>
    public string MetricsAddress => $"{_address}:{ApiPort}";

    /// <summary>All that the running process has printed.</summary>
    public string Output => _process?.Output ?? "";

    public async Task<IReadOnlyList<Sample>> ReadMetricsAsync() =>
        PrometheusText.Read(await _http!.GetStringAsync("/metrics"));

    /// <summary>Starts it and waits until it says that it is ready.</summary>
    /// <param name="host">Where.</param> <param name="address">Its address there.</param> <param
    /// name="certificateLifetime">How long VMs' certificates are good, if not as long as usual.</param>
    public static async Task<ControllerProcess> StartAsync(
        LabHost host, string address, TimeSpan? certificateLifetime = null)
    {
        var controller = new ControllerProcess(host, address);
        try
        {
            var settings = new JsonObject
            {
                ["api_listen"] = $"https://{address}:{ApiPort}",
                ["agents_listen"] = $"https://{address}:{AgentsPort}",
                ["store"] = Path.Combine(controller._folder, "controller.db"),
                // Tests ask often.
                ["requests_per_second"] = 10_000,
            };
            if (certificateLifetime is { } lifetime)
            {
                settings["certificate_lifetime"] = $"{lifetime.TotalSeconds}s";
            }

            await File.WriteAllTextAsync(controller.Configuration, settings.ToJsonString());
            controller.Token = (await controller.CommandAsync("token", "create", "--role", "admin")).TrimEnd();
            controller.Launch();
            await controller._process!.WaitForOutputAsync("serves clients at", Patience);
            await controller.MeetAsync();
            await controller.WaitUntilReadyAsync();
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
        Launch();
        await WaitUntilReadyAsync();
    }

    /// <summary>Runs a command of the program on the controller's host, and gives what it printed.</summary>
    public Task<string> CommandAsync(params string[] words) =>
        RunningProcess.RunAsync("dotnet", [BuiltProduct.Controller, .. words, "--config", Configuration]);

    /// <summary>Learns its authorities, and trusts them from then on; again after there are others.</summary>
    public async Task MeetAsync()
    {
        await File.WriteAllTextAsync(AuthoritiesFile, await CommandAsync("ca", "show"));
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(AuthoritiesFile);
        _http?.Dispose();
        _http = _host.CreateHttpClient($"https://{_address}:{ApiPort}", authorities);
        _http.DefaultRequestHeaders.Authorization = new("Bearer", Token);
        _api = new ControllerClient(_http);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _http?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Configuration => Path.Combine(_folder, "controller.json");

    private void Launch() => _process = _host.Start("dotnet", [BuiltProduct.Controller, "--config", Configuration]);

    private Task<TimeSpan> WaitUntilReadyAsync() =>
        Eventually.TrueAsync(IsReadyAsync, Patience, () => $"the controller is ready; it said:\n{Output}");

    private async Task<bool> IsReadyAsync()
    {
        if (_process!.HasExited)
        {
            throw new InvalidOperationException($"The controller ended at start:\n{Output}");
        }

        try
        {
            using var answer = await _http!.GetAsync("/readyz");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
