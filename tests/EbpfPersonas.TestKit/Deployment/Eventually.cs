using System.Diagnostics;

namespace EbpfPersonas.TestKit.Deployment;

/// <summary>Waits for a condition of another process, by asking again and again.</summary>
public static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    /// <summary>
    /// Returns how long it took; throws <see cref="TimeoutException"/> with the expectation where it does not come
    /// true.
    /// </summary>
    public static async Task<TimeSpan> TrueAsync(
        Func<Task<bool>> condition, TimeSpan patience, Func<string> expectation)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > patience)
            {
                throw new TimeoutException($"Not within {patience.TotalSeconds:0.#} s: {expectation()}");
            }

            await Task.Delay(Pause);
        }

        return watch.Elapsed;
    }
}
