using System.Threading.RateLimiting;
using EbpfPersonas.Controller.Hosting;

namespace EbpfPersonas.Controller.Access;

/// <summary>
/// How often may be asked: each token so many times a second, and twice as many at once; and how many streams one may
/// have. What has been quiet for a while costs nothing.
/// </summary>
internal sealed class CallerLimits(ControllerSettings settings) : IDisposable
{
    /// <summary>
    /// Streams of one token at a time. Each holds a connection, and room for what its reader has not read.
    /// </summary>
    public const int MaxStreams = 32;

    private readonly PartitionedRateLimiter<string> _requests = PartitionedRateLimiter.Create<string, string>(
        token => RateLimitPartition.GetTokenBucketLimiter(token, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = 2 * settings.RequestsPerSecond,
            TokensPerPeriod = settings.RequestsPerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        }));

    private readonly PartitionedRateLimiter<string> _streams = PartitionedRateLimiter.Create<string, string>(
        token => RateLimitPartition.GetConcurrencyLimiter(token, _ => new ConcurrencyLimiterOptions
        {
            PermitLimit = MaxStreams,
            QueueLimit = 0,
        }));

    /// <summary>Whether a token may ask once more at this moment.</summary>
    public bool TryAsk(string tokenId)
    {
        using var lease = _requests.AttemptAcquire(tokenId);
        return lease.IsAcquired;
    }

    /// <summary>
    /// One more stream of a token, until it is disposed; not acquired where it has as many as it may.
    /// </summary>
    public RateLimitLease OpenStream(string tokenId) => _streams.AttemptAcquire(tokenId);

    public void Dispose()
    {
        _requests.Dispose();
        _streams.Dispose();
    }
}
