namespace EbpfPersonas.Benchmarks.Measuring;

/// <summary>Measures configurations in turns, so that a machine that drifts drifts under all of them alike.</summary>
internal static class Interleaved
{
    private const int LeastPackets = 256;

    /// <summary>Played before each run that counts: the caches then hold what the configuration keeps there.</summary>
    private const int WarmUpShare = 4;

    /// <summary>
    /// Runs every lane <paramref name="rounds"/> times, each time for about <paramref name="runMilliseconds"/>.
    /// </summary>
    public static IReadOnlyDictionary<string, Samples> Measure(
        IReadOnlyList<Lane> lanes, int rounds, double runMilliseconds, CancellationToken cancellation)
    {
        var packets = lanes.Select(lane => Packets(lane, runMilliseconds)).ToArray();
        var samples = lanes.ToDictionary(lane => lane.Name, _ => new Samples());
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < lanes.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                lanes[i].Run(Math.Max(packets[i] / WarmUpShare, 1));
                samples[lanes[i].Name].Add(lanes[i].Run(packets[i]));
            }
        }

        return samples;
    }

    private static int Packets(Lane lane, double runMilliseconds)
    {
        var nanoseconds = Math.Max(lane.Run(LeastPackets), 1);
        return (int)Math.Clamp(runMilliseconds * 1e6 / nanoseconds, LeastPackets, lane.MaxPackets);
    }
}
