using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using EbpfPersonas.Benchmarks.Results;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Processes;

namespace EbpfPersonas.Benchmarks;

/// <summary>
/// The agent's file size, its time to start and its resident memory with a persona of 1,000 rules in force.
/// </summary>
internal static class AgentFootprint
{
    private const string Vm = "bench-vm";
    private const int RuleCount = 1000;
    private const double Mebi = 1024 * 1024;

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
        await using var agent = await AgentProcess.StartAsync(vm, Vm, controller.AgentsUrl);
        connected.Stop();
        report.Add(Of("agent --help", help, "ms") with { Peer = shell, PeerName = "sh -c :" });
        report.Add(Of("start until its stream is up", connected.Elapsed.TotalMilliseconds, "ms"));

        await controller.Api.PutPersonaAsync("thousand", Persona());
        await controller.Api.ActivateAsync(Vm, "thousand");
        await controller.Api.WaitUntilRealisedAsync(Vm, "thousand");
        var maps = MappedOctets(agent.ProcessId) / Mebi;
        var own = (ResidentOctets(agent.ProcessId) / Mebi) - maps;
        report.Add(Of($"resident memory, {RuleCount} rules, maps apart", own, "MiB", 40));
        report.Add(Of("maps in its memory, which the kernel has anyway", maps, "MiB"));
    }

    private static Row Of(string what, double value, string unit, double? target = null) =>
        new() { Goal = "agent", Case = what, Ours = value, Unit = unit, Target = target };

    private static async Task<double> MedianAsync(Func<Task> action)
    {
        var times = new List<double>();
        for (var run = 0; run < 11; run++)
        {
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
            ["name"] = "thousand",
            ["network_profile"] = new JsonObject { ["allowed_egress"] = rules },
        }.ToJsonString();
    }
}
