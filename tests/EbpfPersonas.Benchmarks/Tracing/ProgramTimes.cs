using System.Globalization;

namespace EbpfPersonas.Benchmarks.Tracing;

/// <summary>
/// How long the tracing programs of a process ran, by the name of their trace point: read in /proc, while the kernel
/// measures it (kernel.bpf_stats_enabled).
/// </summary>
internal static class ProgramTimes
{
    private const string Switch = "/proc/sys/kernel/bpf_stats_enabled";

    /// <summary>Has the kernel measure the run time of BPF programs until the returned object is disposed.</summary>
    public static IDisposable Measure()
    {
        var before = File.ReadAllText(Switch);
        File.WriteAllText(Switch, "1");
        return new Restore(before);
    }

    /// <summary>Nanoseconds and runs so far, by trace point.</summary>
    public static IReadOnlyDictionary<string, (double Nanoseconds, double Runs)> Read(int processId)
    {
        var links = new Dictionary<string, string>();
        var programs = new Dictionary<string, (double, double)>();
        foreach (var file in Directory.EnumerateFiles($"/proc/{processId}/fdinfo"))
        {
            var fields = File.ReadLines(file).Select(line => line.Split('\t', 2))
                .Where(words => words.Length == 2).DistinctBy(words => words[0])
                .ToDictionary(words => words[0].TrimEnd(':'), words => words[1].Trim());
            if (fields.TryGetValue("tp_name", out var point))
            {
                links[point] = fields["prog_id"];
            }
            else if (fields.TryGetValue("run_time_ns", out var nanoseconds))
            {
                programs[fields["prog_id"]] = (Number(nanoseconds), Number(fields["run_cnt"]));
            }
        }

        return links.ToDictionary(link => link.Key, link => programs[link.Value]);
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private sealed class Restore(string before) : IDisposable
    {
        public void Dispose() => File.WriteAllText(Switch, before);
    }
}
