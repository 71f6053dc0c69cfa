using System.Runtime.InteropServices;
using EbpfPersonas.Benchmarks;
using EbpfPersonas.Benchmarks.Activation;
using EbpfPersonas.Benchmarks.Capacity;
using EbpfPersonas.Benchmarks.Changes;
using EbpfPersonas.Benchmarks.Hook;
using EbpfPersonas.Benchmarks.Results;
using EbpfPersonas.Benchmarks.Stack;
using EbpfPersonas.Benchmarks.Switching;
using EbpfPersonas.Benchmarks.Tracing;
using EbpfPersonas.TestKit.Deployment;

// Measures the datapath against its targets and its peers. Exit code 1 where a target is missed.
using var interrupted = new CancellationTokenSource();
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);

try
{
    var settings = BenchSettings.Parse(args);
    var report = new Report();
    Report.DescribeMachine();
    var cancellation = interrupted.Token;
    (string Name, Func<Task> Measure)[] parts =
    [
        ("agent", () => AgentFootprint.MeasureAsync(report)),
        ("activation", new ActivationBench(report, settings, cancellation).RunAsync),
        ("tracing", new TracingBench(report, settings, cancellation).RunAsync),
        // Before the parts that leave a large heap behind, which an agent does not have.
        ("changes", new ChangeBench(report, settings, cancellation).RunAsync),
        ("size", () => Task.Run(new CapacityBench(report, settings, cancellation).Run)),
        ("hook", () => Task.Run(new HookBench(report, settings, cancellation).Run)),
        ("kinds", () => Task.Run(new KindBench(report, settings, cancellation).Run)),
        ("conntrack", new ConntrackBench(report, settings, cancellation).RunAsync),
        ("switches", () => Task.Run(new SwitchBench(report, settings, cancellation).Run)),
        ("stack", new StackBench(report, settings, cancellation).RunAsync),
    ];
    foreach (var (_, measure) in parts.Where(part => settings.Has(part.Name)))
    {
        await measure();
    }

    report.WriteTable();
    report.WriteJson(BuiltProduct.Output("bench/datapath.json"));
    return report.AllMet ? 0 : 1;
}
catch (Exception) when (interrupted.IsCancellationRequested)
{
    Console.WriteLine("\nInterrupted; everything the benchmark made is gone.");
    return 130;
}

void Interrupt(PosixSignalContext context)
{
    context.Cancel = true;
    interrupted.Cancel();
}
