using System.Globalization;
using EbpfPersonas.TestKit.Network;
using EbpfPersonas.TestKit.Processes;

namespace EbpfPersonas.Benchmarks.Tracing;

/// <summary>
/// Programs that do nothing, started as fast as it goes; every hundredth is the one that triggers wait for.
/// </summary>
internal sealed class ForkStorm : IDisposable
{
    /// <summary>The process_name of every hundredth.</summary>
    public const string OtherName = "storm_client";

    private readonly string _folder = Directory.CreateTempSubdirectory("ebpfp-bench-").FullName;

    private ForkStorm()
    {
    }

    /// <summary>Compiles the programs.</summary>
    public static async Task<ForkStorm> CreateAsync()
    {
        var storm = new ForkStorm();
        var sources = Path.Join(AppContext.BaseDirectory, "Programs");
        await RunningProcess.RunAsync(
            "gcc", "-O1", "-o", storm.PathOf("fork_storm"), Path.Join(sources, "fork_storm.c"));
        await RunningProcess.RunAsync(
            "gcc", "-O1", "-nostdlib", "-static", "-fno-stack-protector", "-o", storm.PathOf("do_nothing"),
            Path.Join(sources, "do_nothing.c"));
        File.Copy(storm.PathOf("do_nothing"), storm.PathOf(OtherName));
        return storm;
    }

    /// <summary>
    /// Each of the workers runs so many; unless <paramref name="switching"/>, nothing waits for any. Gives the
    /// nanoseconds that passed, and those of CPU time, for one of all.
    /// </summary>
    public async Task<(double Elapsed, double Cpu)> RunAsync(
        LabHost host, int workers, int count, bool switching = true)
    {
        var words = (await host.RunAsync(
            PathOf("fork_storm"),
            workers.ToString(CultureInfo.InvariantCulture), count.ToString(CultureInfo.InvariantCulture),
            PathOf("do_nothing"), PathOf(switching ? OtherName : "do_nothing"))).Split(' ');
        return (
            double.Parse(words[0], CultureInfo.InvariantCulture) / (workers * count),
            double.Parse(words[1], CultureInfo.InvariantCulture) / (workers * count));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string PathOf(string name) => Path.Join(_folder, name);
}
