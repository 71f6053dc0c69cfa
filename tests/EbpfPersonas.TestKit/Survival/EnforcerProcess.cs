using System.Diagnostics;
using System.Globalization;
using EbpfPersonas.Bpf;
using EbpfPersonas.TestKit.Deployment;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Processes;
using Tmds.Linux;

namespace EbpfPersonas.TestKit.Survival;

/// <summary>
/// The agent's datapath as a process of its own (tests/EbpfPersonas.Enforcer), which applies one persona after another.
/// </summary>
public sealed class EnforcerProcess : IAsyncDisposable
{
    private const string Program = "tests/EbpfPersonas.Enforcer/bin/Release/net10.0/EbpfPersonas.Enforcer.dll";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly RunningProcess _process;
    private readonly long _started = Stopwatch.GetTimestamp();

    private EnforcerProcess(RunningProcess process) => _process = process;

    /// <summary>Generation, epoch and name of what was in force when it began; once it is ready.</summary>
    public (ulong Generation, uint Epoch, string Persona) Began =>
        Line("ready") is [var generation, var epoch, var persona]
            ? (ulong.Parse(generation, CultureInfo.InvariantCulture),
                uint.Parse(epoch, CultureInfo.InvariantCulture), persona)
            : throw new InvalidOperationException(_process.Output);

    /// <summary>The kernel's numbers of its maps, as far as it has told them.</summary>
    public IReadOnlyList<uint> Maps => Numbers("maps");

    /// <summary>The kernel's numbers of its programs.</summary>
    public IReadOnlyList<uint> Programs => Numbers("programs");

    /// <summary>Starts it in <paramref name="host"/>; arguments are NAME=VALUE.</summary>
    public static EnforcerProcess Start(LabHost host, params string[] arguments)
    {
        ArgumentNullException.ThrowIfNull(host);
        return new EnforcerProcess(host.Start("dotnet", [BuiltProduct.File(Program), .. arguments]));
    }

    /// <summary>Waits until it enforces, and gives how long that took since it was started.</summary>
    public async Task<TimeSpan> WaitUntilReadyAsync()
    {
        await _process.WaitForOutputAsync("ready ", Patience);
        return Stopwatch.GetElapsedTime(_started);
    }

    /// <summary>Whether it applied as many as it was told; false where it ended before.</summary>
    public async Task<bool> AppliesOrDiesAsync()
    {
        try
        {
            await _process.WaitForOutputAsync("applied all", Patience);
            return true;
        }
        catch (InvalidOperationException) when (_process.ExitCode == 128 + LibC.SIGKILL)
        {
            return false;
        }
    }

    /// <summary>SIGKILL, whatever it is doing.</summary>
    public async Task KillAsync()
    {
        _process.Signal(LibC.SIGKILL);
        await WaitForEndAsync();
    }

    /// <summary>Ends it as a service manager does when it is upgraded, or lets it end by itself.</summary>
    public async Task<int> StopAsync()
    {
        _process.CloseInput();
        return await WaitForEndAsync();
    }

    /// <summary>Waits until it ended by itself.</summary>
    public Task<int> WaitForEndAsync() => _process.WaitForExitAsync(Patience);

    /// <summary>Those of its maps and programs that the kernel holds at this moment.</summary>
    public IEnumerable<string> Held() =>
        Maps.Where(BpfMap.IsHeld).Select(id => $"map {id}")
            .Concat(Programs.Where(BpfProgram.IsHeld).Select(id => $"program {id}"));

    /// <summary>All that it printed.</summary>
    public override string ToString() => _process.Output;

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private List<uint> Numbers(string word) =>
        [.. (Line(word) ?? []).Select(number => uint.Parse(number, CultureInfo.InvariantCulture))];

    private string[]? Line(string word) =>
        _process.Output.Split('\n').FirstOrDefault(line => line.StartsWith(word + " ", StringComparison.Ordinal))
            ?.Split(' ')[1..];
}
