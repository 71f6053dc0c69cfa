namespace EbpfPersonas.Agent.Link;

/// <summary>
/// How long to wait before the next attempt: doubles from 0.2 s to 10 s, or to
/// <paramref name="most"/>, of which a random half to whole is taken, so
/// that the agents of a fleet do not come back together.
/// </summary>
internal sealed class ReconnectBackoff(Random random, TimeSpan? most = null)
{
    /// <summary>The most that the first attempt waits.</summary>
    public static readonly TimeSpan First = TimeSpan.FromSeconds(0.2);

    /// <summary>The most that any attempt waits where nothing else is said.</summary>
    public static readonly TimeSpan Most = TimeSpan.FromSeconds(10);

    private TimeSpan _next = First;

    /// <summary>The wait before the next attempt.</summary>
    public TimeSpan Next()
    {
        var wait = _next * (0.5 + (random.NextDouble() / 2));
        var limit = most ?? Most;
        _next = _next * 2 < limit ? _next * 2 : limit;
        return wait;
    }

    /// <summary>A stream was stable: the next failure is a new one.</summary>
    public void Reset() => _next = First;
}
