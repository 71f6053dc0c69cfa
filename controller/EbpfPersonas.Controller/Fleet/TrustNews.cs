using EbpfPersonas.Controller.Identity;

namespace EbpfPersonas.Controller.Fleet;

/// <summary>
/// Tells all agents when other authorities are trusted, and ends the streams of those whose certificate is from one
/// that is trusted no more.
/// </summary>
internal sealed class TrustNews(
    CertificateAuthority authority, VmAuthentication authentication, AgentFleet fleet, ILogger<TrustNews> log)
    : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        authority.Changed += Spread;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        authority.Changed -= Spread;
        return Task.CompletedTask;
    }

    private void Spread() => _ = SpreadAsync();

    private async Task SpreadAsync()
    {
        try
        {
            var trust = TrustWriter.Write(authority.Current);
            var sessions = fleet.Sessions.ToArray();
            foreach (var session in sessions)
            {
                session.Offer(trust);
            }

            foreach (var session in sessions)
            {
                var judged = await authentication.JudgeAsync(session.Credential);
                if (judged.Credential is null)
                {
                    session.End(StreamEnd.Refused(judged.Refusal));
                }
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            log.UpkeepFailed(exception);
        }
    }
}
