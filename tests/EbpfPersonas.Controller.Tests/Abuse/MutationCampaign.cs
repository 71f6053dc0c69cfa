using System.Collections.Concurrent;
using System.Globalization;

namespace EbpfPersonas.Controller.Tests.Abuse;

/// <summary>Many mutations, each from a seed of its own number, so that one can be repeated alone.</summary>
internal static class MutationCampaign
{
    private const int Seed = 20261126;

    /// <summary>Workers that send at the same time.</summary>
    public const int Workers = 8;

    /// <summary>All of a run; `make prove-abuse` sends ten times as many as the ordinary run.</summary>
    public static int Total { get; } = int.TryParse(
        Environment.GetEnvironmentVariable("EBPF_PERSONAS_MUTATIONS"), NumberStyles.None, CultureInfo.InvariantCulture,
        out var total) ? total : 20_000;

    /// <summary>
    /// Calls <paramref name="send"/> with the worker and the source of chance of each mutation; it gives what is wrong
    /// with the answer, or null. Gives the first of what was wrong.
    /// </summary>
    public static async Task<IReadOnlyList<string>> RunAsync(int count, Func<int, Random, Task<string?>> send)
    {
        var wrong = new ConcurrentQueue<string>();
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var number && number < count && wrong.Count < 20)
            {
                if (await send(worker, new Random(Seed + number)) is { } problem)
                {
                    wrong.Enqueue($"{number}: {problem}");
                }
            }
        })));
        return [.. wrong];
    }
}
