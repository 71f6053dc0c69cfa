using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Kernel;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Processes;
using Tmds.Linux;

namespace EbpfPersonas.TestKit.Activation;

/// <summary>
/// A real controller and a real agent, pinned, of whose VM one persona waits for a process called mysql: of two
/// addresses of a peer that counts, the persona before allows one, and the one that waits the other.
/// </summary>
public sealed class StagedSystem : IAsyncDisposable
{
    public const string Vm = "vm-1";

    /// <summary>The name of what is in force while there is no mysql.</summary>
    public const string Before = "before";

    /// <summary>The name of what is to be in force from the first instruction of mysql on.</summary>
    public const string Client = "client";

    private const string VmAddress = "10.0.0.5";
    private const string PeerAddress = "10.0.0.10";
    private const string ControllerAddress = "10.0.0.2";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly CompiledPrograms _programs = new();
    private BpfFileSystem? _pins;
    private ControllerProcess? _controller;
    private AgentProcess? _agent;
    private ArrivalCounters? _arrivals;

    private StagedSystem(LabHost vm) => VmHost = vm;

    public LabHost VmHost { get; }

    public AgentProcess Agent => _agent!;

    public ControllerClient Api => _controller!.Api;

    /// <summary>Its first instructions send to both addresses, and then it ends.</summary>
    public string Mysql => _programs["mysql"];

    /// <summary>Of the same name, and it stays.</summary>
    public string LongMysql => _programs["staying/mysql"];

    /// <summary>The same as <see cref="Mysql"/> under a name that nobody waits for.</summary>
    public string Other => _programs["first_packets"];

    /// <summary>Starts it in a network; <paramref name="activation"/> is the agent's setting.</summary>
    public static async Task<StagedSystem> StartAsync(Lab lab, string activation = "kernel")
    {
        ArgumentNullException.ThrowIfNull(lab);
        var system = new StagedSystem(await lab.AddHostAsync("vm", VmAddress + "/24"));
        try
        {
            var peer = await lab.AddHostAsync("peer", PeerAddress + "/24");
            var controller = await lab.AddHostAsync("controller", ControllerAddress + "/24");
            await system._programs.CompileAsync();
            system._programs.Copy(system.Other, "mysql");
            system._programs.Copy("/bin/sleep", "staying/mysql");
            system._arrivals = await ArrivalCounters.AddAsync(system.VmHost, peer, PeerAddress);
            system._pins = await BpfFileSystem.MountAsync();
            system._controller = await ControllerProcess.StartAsync(controller, ControllerAddress);
            system._agent = await AgentProcess.StartAsync(
                system.VmHost, Vm, system._controller, activation: activation,
                pinRoot: system._pins.Path);
            await system.BindAsync();
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Runs a program so often, one after the other, while so many others want a CPU; gives what came to the peer.
    /// </summary>
    public async Task<Arrivals> RunAsync(int times, string program, int busy = 0)
    {
        await using var others = new BusyProcesses(busy);
        await EndAsync(VmHost.Start(_programs["run_repeatedly"], [$"{times}", program]));
        return await _arrivals!.TakeAsync();
    }

    /// <summary>
    /// So many short programs, every hundredth of them <see cref="Mysql"/>; gives what came to the peer.
    /// </summary>
    public async Task<Arrivals> StormAsync(int execs)
    {
        await EndAsync(VmHost.Start(_programs["exec_storm"], [$"{execs}", _programs["do_nothing"], Mysql]));
        return await _arrivals!.TakeAsync();
    }

    /// <summary>Takes the agent off the CPU until it is continued.</summary>
    public void StopAgent() => Agent.Signal(LibC.SIGSTOP);

    public void ContinueAgent() => Agent.Signal(LibC.SIGCONT);

    public async ValueTask DisposeAsync()
    {
        if (_agent is not null)
        {
            ContinueAgent();
            await _agent.DisposeAsync();
        }

        if (_controller is not null)
        {
            await _controller.DisposeAsync();
        }

        if (_pins is not null)
        {
            await _pins.DisposeAsync();
        }

        _programs.Dispose();
    }

    private static string Document(string name, string address, string trigger) =>
        $$$"""
        {"name":"{{{name}}}",{{{trigger}}}
          "network_profile":{"allowed_egress":[{"destination":"{{{address}}}"}],"allowed_ingress":[]}}
        """;

    private static async Task EndAsync(RunningProcess process)
    {
        await using (process)
        {
            var code = await process.WaitForExitAsync(Patience);
            if (code != 0)
            {
                throw new InvalidOperationException($"{process.CommandLine}: exit code {code}\n{process.Output}");
            }
        }
    }

    private async Task BindAsync()
    {
        await Api.PutPersonaAsync(Before, Document(Before, ArrivalCounters.OldAddress, ""));
        await Api.PutPersonaAsync(
            Client,
            Document(Client, ArrivalCounters.NewAddress, """ "activation_trigger":{"process_name":"mysql"},"""));
        await Api.BindAsync(Vm, Before, Client);
        await Api.WaitUntilRealisedAsync(Vm, Before);
    }
}
