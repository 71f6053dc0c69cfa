using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using EbpfPersonas.Benchmarks.Results;
using EbpfPersonas.Bpf;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Processes;

namespace EbpfPersonas.Benchmarks;

/// <summary>
/// The agent's file size, its time to start and its resident memory with a persona of 10,000 rules in force.
/// </summary>
internal static class AgentFootprint
{
    private const string Vm = "bench-vm";
    private const string PersonaName = "ten_thousand";
    private const int RuleCount = 10_000;
    private const double Mebi = 1024 * 1024;
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);

    /// <summary>The agent has given back by then what it needed for a moment.</summary>
    private static readonly TimeSpan QuietAfter = TimeSpan.FromSeconds(12);

    public static async Task MeasureAsync(Report report)
    {
        report.Progress("agent: size, start and memory");
        report.Add(Of("file size", new FileInfo(BuiltProduct.Agent).Length / 1e6, "MB", 15));

        await using var lab = await Lab.CreateAsync();
        var vm = await lab.AddHostAsync("vm", "10.0.0.5/24");
        var control = await lab.AddHostAsync("controller", "10.0.0.2/24");
        await using var controller = await ControllerProcess.StartAsync(control, "10.0.0.2");

        var shell = await MedianAsync(
            () => RunningProcess.RunAsync("nsenter", $"--net={vm.NamespacePath}", "/bin/sh", "-c", ":"));
        var help = await MedianAsync(
            () => RunningProcess.RunAsync("nsenter", $"--net={vm.NamespacePath}", BuiltProduct.Agent, "--help"));
        var connected = Stopwatch.StartNew();
        await using var agent = await AgentProcess.StartAsync(vm, Vm, controller);
        connected.Stop();
        report.Add(Of("agent --help", help, "ms") with { Peer = shell, PeerName = "sh -c :" });
        report.Add(Of("start until its stream is up", connected.Elapsed.TotalMilliseconds, "ms"));

        await controller.Api.PutPersonaAsync(PersonaName, Persona());
        await controller.Api.ActivateAsync(Vm, PersonaName);
        await controller.Api.WaitUntilRealisedAsync(Vm, PersonaName);
        await Task.Delay(QuietAfter);
        var maps = MappedOctets(agent.ProcessId) / Mebi;
        var own = (ResidentOctets(agent.ProcessId) / Mebi) - maps;
        report.Add(Of($"resident memory, {RuleCount} rules, maps apart", own, "MiB", 24) with { Goal = "G12" });
        report.Add(Of("maps in its memory, which the kernel has anyway", maps, "MiB"));

        await controller.StopAsync();
        var device = await vm.InterfaceIndexAsync("eth0");
        var alone = await MedianAsync(
            () => Task.Run(() => StartUntilFiltered(agent, vm, device)), before: agent.StopAsync);
        report.Add(Of($"start until {RuleCount} rules from the disk are in force, no controller", alone, "ms", 100) with
        {
            Goal = "G12",
            Note = "after a reboot; an agent that is only started again finds them in force",
        });
    }

    /// <summary>The filters are the last: persona and failsafe are in force when they hang.</summary>
    private static void StartUntilFiltered(AgentProcess agent, LabHost vm, int device)
    {
        agent.Launch();
        var filtered = vm.RunInside(() => SpinWait.SpinUntil(
            () => TcxChain.Read(device, ingress: true).Count > 0 && TcxChain.Read(device, ingress: false).Count > 0,
            StartPatience));
        if (!filtered)
        {
            throw new TimeoutException($"The agent hung up no filter:\n{agent.Output}");
        }
    }

    private static Row Of(string what, double value, string unit, double? target = null) =>
        new() { Goal = "agent", Case = what, Ours = value, Unit = unit, Target = target };

    private static async Task<double> MedianAsync(Func<Task> action, Func<Task>? before = null)
    {
        var times = new List<double>();
        for (var run = 0; run < 11; run++)
        {
            await (before?.Invoke() ?? Task.CompletedTask);
            var watch = Stopwatch.StartNew();
            await action();
            times.Add(watch.Elapsed.TotalMilliseconds);
        }

        return times.Order().ElementAt(times.Count / 2);
    }

    private static double ResidentOctets(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status")
            .First(text => text.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(
            line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)
            * 1024;
    }

    /// <summary>BPF maps that the agent writes to through its own memory.</summary>
    private static double MappedOctets(int pid)
    {
        var octets = 0.0;
        var isMap = false;
        foreach (var line in File.ReadLines($"/proc/{pid}/smaps"))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (!words[0].EndsWith(':'))
            {
                isMap = line.Contains("bpf-map", StringComparison.Ordinal);
            }
            else if (isMap && words[0] == "Rss:")
            {
                octets += double.Parse(words[1], CultureInfo.InvariantCulture) * 1024;
            }
        }

        return octets;
    }

    private static string Persona()
    {
        var rules = new JsonArray();
        for (var rule = 0; rule < RuleCount; rule++)
        {
            rules.Add(new JsonObject
            {
                ["protocol"] = "tcp",
                ["port"] = 1024 + rule,
                ["destination"] = $"10.{rule / 250}.{rule % 250}.0/24",
            });
        }

        return new JsonObject
        {
            ["name"] = PersonaName,
            ["network_profile"] = new JsonObject { ["allowed_egress"] = rules },
        }.ToJsonString();
    }
}
