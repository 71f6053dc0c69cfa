using EbpfPersonas.Benchmarks.Measuring;
using EbpfPersonas.Benchmarks.Results;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Kernel;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Prometheus;

namespace EbpfPersonas.Benchmarks.Activation;

/// <summary>
/// From the exec of the program that a trigger waits for until its persona is in force: the central way (the agent
/// reports, the controller decides and pushes) beside a bare gRPC round trip between the same hosts, in turns, and the
/// kernel's own switch.
/// </summary>
internal sealed class ActivationBench(Report report, BenchSettings settings, CancellationToken cancellation)
{
    private const string Vm = "bench-vm";
    private const string VmAddress = "10.0.0.5";
    private const string ControllerAddress = "10.0.0.2";
    private const int WarmUps = 200;

    /// <summary>At most so many bare round trips, in the middle.</summary>
    private const double Target = 3;

    // Between two activations the machine is idle, as a VM is before somebody starts a client there.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private int Rounds => settings.Quick ? 200 : 1000;

    public async Task RunAsync()
    {
        await MeasureAsync("controller");
        await MeasureAsync("kernel");
    }

    private async Task MeasureAsync(string activation)
    {
        report.Progress($"activation: {Rounds} by the {activation}, after {WarmUps} that do not count");
        await using var pins = await BpfFileSystem.MountAsync();
        await using var lab = await Lab.CreateAsync();
        var vm = await lab.AddHostAsync("vm", $"{VmAddress}/24");
        var control = await lab.AddHostAsync("controller", $"{ControllerAddress}/24");
        await using var controller = await ControllerProcess.StartAsync(control, ControllerAddress);
        await using var agent = await AgentProcess.StartAsync(
            vm, Vm, controller, activation: activation, pinRoot: pins.Path);
        await using var bare = await BareGrpc.StartAsync(vm, control, ControllerAddress);
        await controller.Api.PutPersonaAsync("base", Persona("base", ""));
        await controller.Api.PutPersonaAsync(
            "client",
            Persona("client", $$""","activation_trigger":{"process_name":"{{ActivationProbe.ClientName}}"}"""));
        await controller.Api.BindAsync(Vm, "base", "client");
        await controller.Api.WaitUntilRealisedAsync(Vm, "base");
        var word = Directory.EnumerateFiles(pins.Path, "active", SearchOption.AllDirectories).Single();
        using var probe = await ActivationProbe.StartAsync(vm, word);

        var (trips, hot) = (new Samples(), new Samples());
        var (enforced, unguarded, released) = (new Samples(), new Samples(), new Samples());
        for (var round = -WarmUps; round < Rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            await Task.Delay(Pause, cancellation);
            var measured = await probe.MeasureAsync();
            await Task.Delay(Pause, cancellation);
            var trip = await bare.RoundTripAsync();
            var next = await bare.RoundTripAsync();
            if (round >= 0)
            {
                trips.Add(trip);
                hot.Add(next);
                enforced.Add(measured.Enforced);
                unguarded.Add(measured.Enforced - measured.Entered);
                released.Add(measured.Released);
            }
        }

        if (activation == "controller")
        {
            Report("exec until enforced, the central way", enforced, trips, Target);
            Report("the program's first instructions until enforced, the central way", unguarded, trips);
            Report("exit until released, the central way", released, trips);
            report.Add(Of("bare gRPC round trip right after another, p50", hot.Median));
            await ReportStagesAsync(controller, agent);
        }
        else
        {
            Report("exec until the program's first instructions, which find it in force", enforced, trips);
        }
    }

    /// <summary>
    /// Where the time goes, by what both sides count: the means of all activations, and of their ends.
    /// </summary>
    private async Task ReportStagesAsync(ControllerProcess controller, AgentProcess agent)
    {
        var (atController, atAgent) = (await controller.ReadMetricsAsync(), await agent.ReadMetricsAsync());
        report.Add(Mean(
            "exec until the report is written, mean", atAgent, "persona_agent_report_seconds", ("urgency", "urgent")));
        report.Add(Mean(
            "report's arrival until the ACK, mean", atController, "persona_controller_activation_seconds",
            ("trigger", "trigger")));
        report.Add(Mean("push until the ACK, mean", atController, "persona_controller_push_seconds"));
        report.Add(Mean("desired state read until in force, mean", atAgent, "persona_agent_swap_seconds"));
    }

    private static Row Mean(
        string what, IReadOnlyList<Sample> samples, string name, params (string, string)[] labels) =>
        Of(what, samples.Sum(name + "_sum", labels) / samples.Sum(name + "_count", labels) * 1e9);

    private void Report(string what, Samples ours, Samples trips, double? target = null)
    {
        foreach (var (word, share) in ((string, double)[])[("p50", 0.5), ("p99", 0.99)])
        {
            report.Add(Of($"{what}, {word}", ours.Quantile(share)) with
            {
                Peer = trips.Quantile(share) / 1000,
                PeerName = $"bare gRPC round trip, {word}",
                Target = share == 0.5 ? target : null,
            });
        }
    }

    private static Row Of(string what, double nanoseconds) =>
        new() { Goal = "central", Case = what, Ours = nanoseconds / 1000, Unit = "us" };

    private static string Persona(string name, string more) =>
        $$"""
        {"name":"{{name}}","network_profile":{"allowed_egress":[
          {"protocol":"tcp","port":3306,"destination":"10.0.0.10"},
          {"protocol":"tcp","destination":"{{ControllerAddress}}"}]}{{more}}}
        """;
}
