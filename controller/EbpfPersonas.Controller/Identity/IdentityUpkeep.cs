using EbpfPersonas.Controller.Audit;
using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller.Identity;

/// <summary>
/// What identities need from time to time: authorities that were changed are taken up, records that were only counted
/// are written, and what is over is forgotten.
/// </summary>
internal sealed class IdentityUpkeep(
    CertificateAuthority authority, LimitedAudit audit, IIdentityStore store, ITokenStore tokens, TimeProvider time,
    ILogger<IdentityUpkeep> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PruningPeriod = TimeSpan.FromHours(1);

    /// <summary>So long can be seen what became of a token or a certificate that is over.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    /// <summary>So long before its end the log tells of an authority that should be replaced.</summary>
    private static readonly TimeSpan Notice = TimeSpan.FromDays(90);

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
                    await audit.ReportAsync();
                    if (pruned is null || time.GetElapsedTime(pruned.Value) >= PruningPeriod)
                    {
                        pruned = time.GetTimestamp();
                        await store.PruneAsync(time.GetUtcNow() - Kept);
                        await tokens.PruneAsync(time.GetUtcNow() - Kept);
                        TellOfTheEnd();
                    }
                });
            }
        }
        catch (OperationCanceledException)
        {
            await OnceAsync(() => audit.ReportAsync(all: true));
        }
    }

    /// <summary>After its end nothing can be issued, not even what this controller shows to its agents.</summary>
    private void TellOfTheEnd()
    {
        var end = authority.Current.Issuing.Certificate.NotAfter.ToUniversalTime();
        if (end - time.GetUtcNow() < Notice)
        {
            log.AuthorityEnds(end);
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
