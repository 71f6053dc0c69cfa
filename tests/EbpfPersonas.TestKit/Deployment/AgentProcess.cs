using System.Text.Json.Nodes;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Processes;
using EbpfPersonas.TestKit.Prometheus;

namespace EbpfPersonas.TestKit.Deployment;

/// <summary>
/// A real agent in a lab host, which it takes for its VM, with a state directory that goes with this object.
/// </summary>
public sealed class AgentProcess : IAsyncDisposable
{
    private const int MetricsPort = 9435;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly LabHost _host;
    private readonly string _metricsIp;
    private readonly string _folder = Directory.CreateTempSubdirectory("ebpfp-agent-").FullName;
    private readonly HttpClient _http;
    private readonly TestCgroup _cgroup = TestCgroup.Create();
    private RunningProcess? _process;

    private AgentProcess(LabHost host, string vmId, ScrapedAddress? metrics)
    {
        _host = host;
        _metricsIp = metrics?.Ip ?? "127.0.0.1";
        VmId = vmId;
        _http = metrics is null
            ? host.CreateHttpClient($"http://{MetricsAddress}")
            : host.CreateHttpClient($"https://{MetricsAddress}", metrics.Authorities, metrics.Client);
    }

    public string VmId { get; }

    /// <summary>Where Prometheus scrapes.</summary>
    public string MetricsAddress => $"{_metricsIp}:{MetricsPort}";

    /// <summary>All that the running process has printed.</summary>
    public string Output => _process?.Output ?? "";

    /// <summary>What the agent takes for the cgroup of all programs: those in it get early verdicts.</summary>
    public TestCgroup Cgroup => _cgroup;

    public int ProcessId => _process!.Id;

    /// <summary>
    /// The capabilities that it has from its next start on, by their names in capabilities(7); null for all.
    /// </summary>
    public IReadOnlyList<string>? Capabilities { get; set; }

    /// <summary>Starts it and waits until it has its stream to the controller.</summary>
    /// <param name="host">The VM.</param> <param name="vmId">Its name at the controller.</param>
    /// <param name="controller">Where it is let in, once.</param> <param name="url">Where it connects, if not to the
    /// controller's own address.</param> <param name="metrics">An address of the VM for its metrics beside loopback,
    /// which is put on the failsafe list, and the files for TLS there.</param> <param name="attach">auto, tcx or
    /// clsact.</param> <param name="policyMemoryMib">Room for all its personas.</param> <param name="activation">kernel
    /// or controller.</param> <param name="pinRoot">A folder on a bpffs in which what is in force outlives the agent,
    /// or none.</param>
    public static async Task<AgentProcess> StartAsync(
        LabHost host, string vmId, ControllerProcess controller, string? url = null, ScrapedAddress? metrics = null,
        string attach = "auto", int policyMemoryMib = 16, string activation = "kernel", string pinRoot = "none")
    {
        ArgumentNullException.ThrowIfNull(controller);
        var agent = new AgentProcess(host, vmId, metrics);
        try
        {
            var settings = new JsonObject
            {
                ["controller"] = url ?? controller.AgentsUrl,
                ["enrolment_token_file"] = agent.EnrolmentTokenFile,
                ["vm_id"] = vmId,
                ["state_directory"] = agent.StateDirectory,
                ["metrics_listen"] = agent.MetricsAddress,
                ["attach"] = attach,
                ["cgroup"] = agent._cgroup.Folder,
                ["policy_memory_mib"] = policyMemoryMib,
                ["activation"] = activation,
                ["pin_root"] = pinRoot,
            };
            if (metrics is not null)
            {
                settings["metrics_certificate"] = metrics.CertificateFile;
                settings["metrics_key"] = metrics.KeyFile;
                settings["metrics_client_ca"] = metrics.AuthorityFile;
                settings["failsafe"] = new JsonArray(
                    new JsonObject
                    {
                        ["direction"] = "ingress",
                        ["protocol"] = "tcp",
                        ["port"] = MetricsPort,
                        ["peer"] = "any",
                    });
            }

            await File.WriteAllTextAsync(Path.Combine(agent._folder, "agent.json"), settings.ToJsonString());
            agent.EnrolmentToken = await controller.Api.CreateEnrolmentTokenAsync(vmId);
            await File.WriteAllTextAsync(agent.EnrolmentTokenFile, agent.EnrolmentToken);
            await agent.StartAgainAsync();
            return agent;
        }
        catch
        {
            await agent.DisposeAsync();
            throw;
        }
    }

    public async Task StartAgainAsync()
    {
        Launch();
        await WaitUntilConnectedAsync(Patience);
    }

    /// <summary>Starts it and waits for nothing; there may be no controller.</summary>
    public void Launch()
    {
        string[] command = [BuiltProduct.Agent, "--config", Path.Combine(_folder, "agent.json")];
        if (Capabilities is not null)
        {
            // As systemd does it for CapabilityBoundingSet=: root gets no others by exec (capabilities(7)).
            var names = Capabilities.Select(name => "+" + name["CAP_".Length..].ToLowerInvariant());
            command = ["setpriv", "--bounding-set", string.Join(',', names.Prepend("-all")), "--", .. command];
        }

        _process = _host.Start(command[0], command[1..]);
    }

    /// <summary>Waits until the agent itself says that its stream is up; returns how long that took.</summary>
    public Task<TimeSpan> WaitUntilConnectedAsync(TimeSpan patience) =>
        Eventually.TrueAsync(IsConnectedAsync, patience, () => $"the agent is connected; it said:\n{Output}");

    /// <summary>Whether the agent says that its stream is up; false too while it does not answer.</summary>
    public async Task<bool> IsConnectedAsync()
    {
        if (_process!.HasExited)
        {
            throw new InvalidOperationException($"The agent ended by itself:\n{Output}");
        }

        try
        {
            return (await ReadMetricsAsync()).Sum("persona_agent_controller_connected") == 1;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public Task<string> ReadMetricsTextAsync() => _http.GetStringAsync("/metrics");

    public async Task<IReadOnlyList<Sample>> ReadMetricsAsync() => PrometheusText.Read(await ReadMetricsTextAsync());

    /// <summary>Where it keeps what must survive a restart.</summary>
    public string StateDirectory => Path.Combine(_folder, "state");

    /// <summary>What it enrolled with.</summary>
    public string EnrolmentToken { get; private set; } = "";

    /// <summary>Where it looks for a token to enrol with.</summary>
    public string EnrolmentTokenFile => Path.Combine(_folder, "enrolment-token");

    /// <summary>Sends a signal, for example <see cref="Tmds.Linux.LibC.SIGSTOP"/>.</summary>
    public void Signal(int signal) => _process!.Signal(signal);

    /// <summary>SIGTERM; returns the exit code.</summary>
    public async Task<int> StopAsync() => _process is null ? 0 : await _process.StopAsync();

    /// <summary>SIGKILL, whatever it is doing; returns when it is gone.</summary>
    public async Task KillAsync()
    {
        Signal(Tmds.Linux.LibC.SIGKILL);
        await _process!.WaitForExitAsync(Patience);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
        await _cgroup.DisposeAsync();
    }
}
