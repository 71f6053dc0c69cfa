using System.Diagnostics;
using System.Globalization;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Processes;

namespace EbpfPersonas.Benchmarks.Activation;

/// <summary>
/// Starts, in a VM, the program that a trigger waits for, and measures until the active word changes: it looks at the
/// pinned map itself, and asks neither agent nor controller.
/// </summary>
internal sealed class ActivationProbe : IDisposable
{
    /// <summary>The process_name of the program.</summary>
    public const string ClientName = "bench_client";

    private readonly string _folder;
    private readonly Process _process;

    private ActivationProbe(string folder, Process process) => (_folder, _process) = (folder, process);

    /// <summary>Compiles it, and starts it in <paramref name="vm"/> over the pinned map of the word.</summary>
    public static async Task<ActivationProbe> StartAsync(LabHost vm, string map)
    {
        var folder = Directory.CreateTempSubdirectory("ebpfp-bench-").FullName;
        var probe = Path.Join(folder, "activation_probe");
        var source = Path.Join(AppContext.BaseDirectory, "Programs", "activation_probe.c");
        await RunningProcess.RunAsync("gcc", "-O2", "-static", "-o", probe, source);
        File.Copy(probe, Path.Join(folder, ClientName));
        var process = Process.Start(new ProcessStartInfo(
            "nsenter", [$"--net={vm.NamespacePath}", "--", probe, map, Path.Join(folder, ClientName)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var started = new ActivationProbe(folder, process);
        await started.ReadAsync();
        return started;
    }

    /// <summary>One life of the program.</summary>
    public async Task<Activation> MeasureAsync()
    {
        await _process.StandardInput.WriteAsync("go\n");
        await _process.StandardInput.FlushAsync();
        var nanoseconds = (await ReadAsync()).Split(' ')
            .Select(word => double.Parse(word, CultureInfo.InvariantCulture)).ToArray();
        return nanoseconds is [var entered, >= 0 and var enforced, >= 0 and var released]
            ? new Activation(entered, enforced, released)
            : throw new TimeoutException("The active word did not change within 5 s.");
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<string> ReadAsync() => await _process.StandardOutput.ReadLineAsync()
        ?? throw new InvalidOperationException("The probe ended by itself.");

    /// <summary>
    /// In nanoseconds: from execve() to the first instructions, from execve() to the switch, and from the end of the
    /// program to the switch back.
    /// </summary>
    internal readonly record struct Activation(double Entered, double Enforced, double Released);
}
