using System.Net.Sockets;
using EbpfPersonas.Agent.Tests.Link;
using EbpfPersonas.Protos.V1;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Kernel;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Processes;
using EbpfPersonas.TestKit.Prometheus;

namespace EbpfPersonas.Agent.Tests.BreakGlass;

/// <summary>
/// A VM with a real agent as a process of its own, a controller beside it, and a peer that it may or may not reach.
/// </summary>
internal sealed class GovernedVm : IAsyncDisposable
{
    /// <summary>With a dot, as names of hosts have.</summary>
    public const string VmId = "vm.example";

    private const string PeerAddress = "10.0.0.10";
    private const int PeerPort = 4000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Blocked = TimeSpan.FromMilliseconds(700);

    /// <summary>
    /// The assemblies and the framework are those of the tests: the agent's own copy of what ASP.NET Core brings is not
    /// here.
    /// </summary>
    private static readonly string[] Program =
    [
        "exec", "--runtimeconfig", Path.Join(AppContext.BaseDirectory, "EbpfPersonas.Agent.Tests.runtimeconfig.json"),
        "--depsfile", Path.Join(AppContext.BaseDirectory, "EbpfPersonas.Agent.Tests.deps.json"),
        Path.Join(AppContext.BaseDirectory, "ebpf-personas-agent.dll"),
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("ebpf-personas-vm-").FullName;
    private readonly Lab _lab;
    private readonly LabHost _vm;
    private readonly Socket _peer;
    private readonly Socket _controllerSocket;
    private RunningProcess? _agent;
    private BpfFileSystem? _pins;
    private TestCgroup? _cgroup;

    private GovernedVm(Lab lab, LabHost vm, Socket peer, Socket controller) =>
        (_lab, _vm, _peer, _controllerSocket) = (lab, vm, peer, controller);

    public FakeController Controller { get; private set; } = null!;

    public string State => Path.Join(_folder, "state");

    /// <summary>How filters hang: auto, tcx or clsact.</summary>
    public string Attach { get; set; } = "auto";

    public RunningProcess Agent => _agent!;

    /// <summary>Whether a program that is told at once what the persona drops is refused.</summary>
    public async Task<bool> IsRefusedAtOnceAsync()
    {
        using var socket = _cgroup!.RunInside(() =>
            _vm.OpenSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        using var patience = new CancellationTokenSource(Blocked);
        try
        {
            await socket.ConnectAsync(PeerAddress, PeerPort, patience.Token);
            return false;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Where the agent pins, if it does.</summary>
    public BpfFileSystem Pins => _pins!;

    /// <summary>With <paramref name="pinned"/>, what the agent puts in force outlives it.</summary>
    public static async Task<GovernedVm> StartAsync(bool pinned = false)
    {
        var lab = await Lab.CreateAsync();
        var vm = await lab.AddHostAsync("vm", "10.0.0.5/24");
        var peer = await lab.AddHostAsync("peer", $"{PeerAddress}/24");
        var governed = new GovernedVm(lab, vm, peer.Listen(PeerAddress, PeerPort), peer.Listen(PeerAddress, 7071));
        governed._pins = pinned ? await BpfFileSystem.MountAsync() : null;
        governed._cgroup = pinned ? TestCgroup.Create() : null;
        governed.Controller = await FakeController.StartAsync(listener: governed._controllerSocket);
        governed.Controller.Authority.WriteCredentials(governed.State, VmId);
        await File.WriteAllTextAsync(
            Path.Join(governed._folder, "baseline.json"),
            """{"name": "base", "network_profile": {"default_action": {"egress": "allow", "ingress": "deny"}}}""");
        return governed;
    }

    /// <summary>A persona that lets nothing out.</summary>
    public static Persona Closed(string name)
    {
        var persona = Wire.Persona(name);
        persona.DefaultEgress = Protos.V1.Action.Deny;
        return persona;
    }

    /// <summary>Starts the agent and waits for what it says when it governs.</summary>
    public async Task StartAgentAsync(string says = "filters attached by")
    {
        _agent = _vm.Start("dotnet", [.. Program, .. Settings]);
        await _agent.WaitForOutputAsync(says, Patience);
    }

    public async Task KillAgentAsync(int signal)
    {
        Agent.Signal(signal);
        await Agent.WaitForExitAsync(Patience);
    }

    /// <summary>Waits for the number of hellos that the controller must have got by now.</summary>
    public Task ConnectedAsync(int times = 1) =>
        Controller.WaitForAsync(message => message.Activity?.Snapshot == true, times);

    /// <summary>Pushes a state, waits for the answer, and has the agent confirm it.</summary>
    public async Task<ApplyResult> PushAsync(ulong generation, Persona? persona)
    {
        var before = Controller.Received.Count(message => message.Result?.Generation == generation);
        await Controller.PushAsync(generation, persona);
        var result = (await Controller.WaitForAsync(m => m.Result?.Generation == generation, before + 1)).Result;
        await Controller.AcknowledgeAsync(new Receipt { Generation = generation });
        return result;
    }

    /// <summary>One of the operator's commands, as a process of its own.</summary>
    public async Task<(int ExitCode, string Output)> CommandAsync(params string[] command)
    {
        await using var process = _vm.Start(
            "dotnet",
            [.. Program, .. command, .. Settings],
            new Dictionary<string, string> { ["SUDO_USER"] = "alice" });
        var exitCode = await process.WaitForExitAsync(Patience);
        return (exitCode, process.Output);
    }

    /// <summary>Whether a new connection to the peer comes about.</summary>
    public async Task<bool> ReachesPeerAsync() =>
        await _vm.TryConnectAsync(PeerAddress, PeerPort, Blocked) == SocketError.Success;

    /// <summary>Takes the interface away, and with it what hangs there.</summary>
    public Task RemoveInterfaceAsync() => _vm.RunAsync("ip", "link", "delete", "eth0");

    public async Task<IReadOnlyList<Sample>> ReadMetricsAsync()
    {
        using var http = _vm.CreateHttpClient("http://127.0.0.1:9435");
        return PrometheusText.Read(await http.GetStringAsync("/metrics"));
    }

    /// <summary>
    /// A process that sends a datagram to the peer every few milliseconds, from before an agent starts.
    /// </summary>
    public RunningProcess StartTraffic() => _vm.Start(
        "bash", ["-c", $"while echo x > /dev/udp/{PeerAddress}/5000; do sleep 0.005; done 2> /dev/null"]);

    public async Task WaitAsync(Func<Task<bool>> condition, string expectation) =>
        await Eventually.TrueAsync(condition, Patience, () => $"{expectation}; the agent said:\n{Agent.Output}");

    public async ValueTask DisposeAsync()
    {
        if (_agent is not null)
        {
            await _agent.DisposeAsync();
        }

        await Controller.DisposeAsync();
        _peer.Dispose();
        _controllerSocket.Dispose();
        await _lab.DisposeAsync();
        if (_pins is not null)
        {
            await _pins.DisposeAsync();
            await _cgroup!.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private string[] Settings =>
    [
        "--vm_id", VmId, "--attach", Attach, "--state_directory", State, "--pin_root", _pins?.Path ?? "none",
        "--cgroup", _cgroup?.Folder ?? "none",
        "--controller", $"https://{PeerAddress}:7071", "--baseline", Path.Join(_folder, "baseline.json"),
    ];
}
