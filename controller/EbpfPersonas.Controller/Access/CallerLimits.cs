using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using EbpfPersonas.Controller.Hosting;

namespace EbpfPersonas.Controller.Access;

/// <summary>
/// How often may be asked: each token so many times a second, and each address may fail to say who it is so many times
/// a minute. What has been quiet for a while costs nothing.
/// </summary>
internal sealed class CallerLimits(ControllerSettings settings, TimeProvider time) : IDisposable
{
    /// <summary>Failures of one address in a minute; IPv6 addresses count by their /64, which one host has.</summary>
    public const int FailuresPerMinute = 20;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly PartitionedRateLimiter<string> _requests = PartitionedRateLimiter.Create<string, string>(
        token => RateLimitPartition.GetTokenBucketLimiter(token, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = 2 * settings.RequestsPerSecond,
            TokensPerPeriod = settings.RequestsPerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        }));

    private readonly PartitionedRateLimiter<string> _failures = PartitionedRateLimiter.Create<string, string>(
        source => RateLimitPartition.GetFixedWindowLimiter(source, _ => new FixedWindowRateLimiterOptions
        {
            PermitLimit = FailuresPerMinute,
            Window = Window,
            QueueLimit = 0,
        }));

    private readonly ConcurrentDictionary<string, long> _noted = new(StringComparer.Ordinal);

    /// <summary>What counts as one source of requests.</summary>
    public static string SourceOf(IPAddress? address)
    {
        if (address is { IsIPv4MappedToIPv6: true })
        {
            address = address.MapToIPv4();
        }

        return address is { AddressFamily: AddressFamily.InterNetworkV6 }
            ? new IPAddress([.. address.GetAddressBytes()[..8], .. new byte[8]]) + "/64"
            : address?.ToString() ?? "unknown";
    }

    /// <summary>Whether a token may ask once more at this moment.</summary>
    public bool TryAsk(string tokenId)
    {
        using var lease = _requests.AttemptAcquire(tokenId);
        return lease.IsAcquired;
    }

    /// <summary>Whether a source may try to say who it is.</summary>
    public bool MayTry(string source) => _failures.GetStatistics(source) is not { CurrentAvailablePermits: 0 };

    /// <summary>A source failed.</summary>
    public void Failed(string source) => _failures.AttemptAcquire(source).Dispose();

    /// <summary>
    /// Whether this refusal is the first of its kind in a minute, and is worth a record: refusing must not cost more
    /// than asking.
    /// </summary>
    public bool IsNews(string what)
    {
        var minute = time.GetUtcNow().ToUnixTimeSeconds() / 60;
        if (_noted.Count > 10_000)
        {
            _noted.Clear();
        }

        var news = !_noted.TryGetValue(what, out var last) || last != minute;
        _noted[what] = minute;
        return news;
    }

    public void Dispose()
    {
        _requests.Dispose();
        _failures.Dispose();
    }
}
