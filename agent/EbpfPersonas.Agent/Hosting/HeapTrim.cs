using Microsoft.Extensions.Hosting;

namespace EbpfPersonas.Agent.Hosting;

/// <summary>
/// Gives the kernel back what was needed for a moment: a persona of many rules takes several times the memory to read
/// and compile that it takes to keep. The collector alone would keep that room for the next time.
/// </summary>
internal sealed class HeapTrim(TimeProvider time) : BackgroundService
{
    /// <summary>What may be allocated until it is worth to look.</summary>
    private const long Worth = 8 * 1024 * 1024;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var trimmed = 0L;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var allocated = GC.GetTotalAllocatedBytes();
            if (allocated - trimmed >= Worth)
            {
                trimmed = allocated;
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            }
        }
    }
}
