using System.Globalization;
using EbpfPersonas.Benchmarks.Measuring;
using EbpfPersonas.Benchmarks.Results;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Prometheus;
using Tmds.Linux;

namespace EbpfPersonas.Benchmarks.Tracing;

/// <summary>
/// G10: what it costs that somebody watches processes begin and end. A storm of programs that do nothing, with nobody,
/// with an agent that has personas staged, and with the peers that do the same job, in turns.
/// </summary>
internal sealed class TracingBench(Report report, BenchSettings settings, CancellationToken cancellation)
{
    private const string Vm = "bench-vm";
    private const string Ours = "agent";
    private const string OursSwitching = "agent, every hundredth switches";
    private const int Workers = 2;
    private const double TicksPerSecond = 100;
    private const double ExecShareMax = 0.012;

    private int Rounds => settings.Quick ? 3 : 9;

    private int Count => settings.Quick ? 2000 : 5000;

    private TimeSpan LongStorm => TimeSpan.FromSeconds(settings.Quick ? 10 : 60);

    public async Task RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("ebpfp-bench-").FullName;
        try
        {
            await using var lab = await Lab.CreateAsync();
            var vm = await lab.AddHostAsync("vm", "10.0.0.5/24");
            var control = await lab.AddHostAsync("controller", "10.0.0.2/24");
            await using var controller = await ControllerProcess.StartAsync(control, "10.0.0.2");
            await using var agent = await AgentProcess.StartAsync(vm, Vm, controller);
            await StageAsync(controller.Api);
            using var storm = await ForkStorm.CreateAsync();

            await MeasureProgramsAsync(vm, agent, storm);
            await MeasureLossAsync(vm, agent, storm);
            await agent.StopAsync();
            var ours = new Tracer(Ours, async () =>
            {
                await agent.StartAgainAsync();
                await controller.Api.WaitUntilRealisedAsync(Vm, "base");
                return new Tracer.Running(agent.ProcessId, agent.StopAsync);
            });
            await CompareAsync(
                vm, storm,
                [
                    Tracer.None, ours, ours with { Name = OursSwitching, Switching = true },
                    BpftraceTracer.Of(vm, folder), AuditTracer.Of(folder),
                ]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Ten personas that wait; every hundredth program of the storm activates the first of them.</summary>
    private static async Task StageAsync(ControllerClient api)
    {
        string[] names = [ForkStorm.OtherName, .. Enumerable.Range(1, 9).Select(number => $"client_{number}")];
        await api.PutPersonaAsync("base", """{"name":"base"}""");
        foreach (var name in names)
        {
            await api.PutPersonaAsync(
                name,
                $$"""
                {"name":"{{name}}","activation_trigger":{"process_name":"{{name}}"},
                  "network_profile":{"allowed_egress":[{"protocol":"tcp","port":3306,"destination":"10.0.0.10"}]}
                }
                """);
        }

        await api.BindAsync(Vm, "base", names);
        await api.WaitUntilRealisedAsync(Vm, "base");
    }

    /// <summary>The time in the programs themselves, beside the cheapest exec that there is without them.</summary>
    private async Task MeasureProgramsAsync(LabHost vm, AgentProcess agent, ForkStorm storm)
    {
        report.Progress("tracing: time in the BPF programs");
        await agent.StopAsync();
        var cheapest = new Samples();
        for (var round = 0; round < Rounds; round++)
        {
            cheapest.Add((await storm.RunAsync(vm, workers: 1, Count)).Elapsed);
        }

        await agent.StartAgainAsync();
        var times = new Dictionary<string, Samples>();
        using (ProgramTimes.Measure())
        {
            for (var round = 0; round < Rounds; round++)
            {
                var before = ProgramTimes.Read(agent.ProcessId);
                await storm.RunAsync(vm, workers: 1, Count);
                foreach (var (point, after) in ProgramTimes.Read(agent.ProcessId))
                {
                    times.TryAdd(point, new Samples());
                    times[point].Add(
                        (after.Nanoseconds - before[point].Nanoseconds) / (after.Runs - before[point].Runs));
                }
            }
        }

        foreach (var (point, samples) in times)
        {
            var isExec = point == "sched_process_exec";
            report.Add(Row.Of(
                "G10", $"BPF time at {point}, every hundredth switches", samples, cheapest,
                "the cheapest exec untraced", isExec ? ExecShareMax : null));
        }
    }

    /// <summary>The agent stands still for a second in the middle of a long storm.</summary>
    private async Task MeasureLossAsync(LabHost vm, AgentProcess agent, ForkStorm storm)
    {
        var words = string.Create(
            CultureInfo.InvariantCulture, $"{LongStorm.TotalSeconds:0} s of storm, the agent frozen for 1 s of them");
        report.Progress($"tracing: {words}");
        var before = await LostAsync(agent);
        var (execs, elapsed, frozen) = (0L, 0.0, false);
        while (elapsed < LongStorm.TotalNanoseconds)
        {
            cancellation.ThrowIfCancellationRequested();
            var running = storm.RunAsync(vm, Workers, 4 * Count);
            if (!frozen && elapsed > LongStorm.TotalNanoseconds / 2)
            {
                frozen = true;
                agent.Signal(LibC.SIGSTOP);
                await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
                agent.Signal(LibC.SIGCONT);
            }

            elapsed += (await running).Elapsed * Workers * 4 * Count;
            execs += Workers * 4 * Count;
        }

        report.Add(new Row
        {
            Goal = "G10",
            Case = $"events lost, {words}",
            Ours = await LostAsync(agent) - before,
            Unit = "",
            Target = 0,
            Note = string.Create(
                CultureInfo.InvariantCulture,
                $"{execs:#,0} execs, {execs / elapsed * 1e9:#,0} a second; ring of 4 MiB"),
        });
    }

    private static async Task<double> LostAsync(AgentProcess agent) =>
        (await agent.ReadMetricsAsync()).Sum("persona_agent_events_lost_total");

    private async Task CompareAsync(LabHost vm, ForkStorm storm, List<Tracer> tracers)
    {
        var elapsed = tracers.ToDictionary(tracer => tracer.Name, _ => new Samples());
        var cpu = tracers.ToDictionary(tracer => tracer.Name, _ => new Samples());
        for (var round = 0; round < Rounds; round++)
        {
            report.Progress(string.Create(
                CultureInfo.InvariantCulture,
                $"tracing: {string.Join(", ", tracers.Select(tracer => tracer.Name))}, {round + 1} of {Rounds}"));
            foreach (var tracer in tracers.ToList())
            {
                cancellation.ThrowIfCancellationRequested();
                if (await TryAsync(tracer, vm, storm) is not { } measured)
                {
                    tracers.Remove(tracer);
                    continue;
                }

                elapsed[tracer.Name].Add(measured.Elapsed);
                cpu[tracer.Name].Add(measured.Cpu);
            }
        }

        string[] ours = [Ours, OursSwitching];
        foreach (var peer in elapsed.Keys.Except(ours).Where(name => elapsed[name].Count > 0))
        {
            foreach (var one in ours)
            {
                report.Add(RowOf($"fork, exec and exit, {one}", elapsed[one], elapsed[peer], peer));
                report.Add(RowOf($"CPU of it, the tracer's own included, {one}", cpu[one], cpu[peer], peer));
            }
        }
    }

    private async Task<(double Elapsed, double Cpu)?> TryAsync(Tracer tracer, LabHost vm, ForkStorm storm)
    {
        Tracer.Running running;
        try
        {
            running = await tracer.StartAsync();
        }
        catch (Exception failure) when (failure is InvalidOperationException or TimeoutException)
        {
            report.Add(new Row
            {
                Goal = "G10",
                Case = "fork, exec and exit",
                Unit = "ns",
                PeerName = tracer.Name,
                Note = $"cannot run here: {failure.Message.ReplaceLineEndings(" ")}",
            });
            return null;
        }

        try
        {
            await storm.RunAsync(vm, Workers, Count / 4, tracer.Switching);
            var before = CpuOf(running.ProcessId);
            var (elapsed, cpu) = await storm.RunAsync(vm, Workers, Count, tracer.Switching);
            return (elapsed, cpu + ((CpuOf(running.ProcessId) - before) / (Workers * Count)));
        }
        finally
        {
            await running.StopAsync();
        }
    }

    /// <summary>Nanoseconds that a process has used; /proc/PID/stat has them in ticks of 10 ms.</summary>
    private static double CpuOf(int? processId)
    {
        if (processId is not { } id)
        {
            return 0;
        }

        var stat = File.ReadAllText($"/proc/{id}/stat");
        var words = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (Number(words[11]) + Number(words[12])) / TicksPerSecond * 1e9;
        static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
    }

    private static Row RowOf(string what, Samples ours, Samples peer, string name) => new()
    {
        Goal = "G10",
        Case = $"{what}, median",
        Ours = ours.Median,
        Peer = peer.Median,
        PeerName = name,
        Unit = "ns",
        Noise = Math.Max(ours.SelfDifference, peer.SelfDifference),
    };
}
