using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Identity;

/// <summary>
/// What identities need from time to time: authorities that were changed are taken up, refusals that were only counted
/// are recorded, and what is over is forgotten.
/// </summary>
internal sealed class IdentityUpkeep(
    CertificateAuthority authority, Refusals refusals, IIdentityStore store, TimeProvider time,
    ILogger<IdentityUpkeep> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PruningPeriod = TimeSpan.FromHours(1);

    /// <summary>So long can be seen what became of a token or a certificate that is over.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        long? pruned = null;
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await OnceAsync(async () =>
                {
                    authority.Refresh();
                    await refusals.ReportAsync();
                    if (pruned is null || time.GetElapsedTime(pruned.Value) >= PruningPeriod)
                    {
                        pruned = time.GetTimestamp();
                        await store.PruneAsync(time.GetUtcNow() - Kept, audit: null);
                    }
                });
            }
        }
        catch (OperationCanceledException)
        {
            await OnceAsync(() => refusals.ReportAsync(all: true));
        }
    }

    private async Task OnceAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // A full disk, for example: what is to be done is done at a later time.
            log.UpkeepFailed(exception);
        }
    }
}
