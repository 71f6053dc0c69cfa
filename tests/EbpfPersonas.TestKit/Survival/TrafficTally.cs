namespace EbpfPersonas.TestKit.Survival;

/// <summary>What <see cref="SteadyTraffic"/> did and saw; broken and arrived stay 0 while a persona holds.</summary>
public sealed class TrafficTally
{
    private readonly Lock _gate = new();
    private readonly List<string> _findings = [];
    private long _allowed;
    private long _denied;
    private long _broken;
    private long _repeated;
    private long _arrived;

    /// <summary>Flows that the persona allows and that went there and back.</summary>
    public long Allowed => Interlocked.Read(ref _allowed);

    /// <summary>Flows that the persona denies, begun.</summary>
    public long Denied => Interlocked.Read(ref _denied);

    /// <summary>Allowed flows that did not get through, and open connections and streams that were cut.</summary>
    public long Broken => Interlocked.Read(ref _broken);

    /// <summary>Allowed flows of which a packet was lost, and got through when it was sent again.</summary>
    public long Repeated => Interlocked.Read(ref _repeated);

    /// <summary>Octets of denied flows that arrived; a connection that was accepted counts as one.</summary>
    public long Arrived => Interlocked.Read(ref _arrived);

    /// <summary>The first of what should not have been.</summary>
    public IReadOnlyList<string> Findings
    {
        get
        {
            lock (_gate)
            {
                return [.. _findings];
            }
        }
    }

    internal void CountAllowed() => Interlocked.Increment(ref _allowed);

    internal void CountDenied() => Interlocked.Increment(ref _denied);

    internal void CountRepeated() => Interlocked.Increment(ref _repeated);

    internal void CountBroken(string what)
    {
        Interlocked.Increment(ref _broken);
        Note(what);
    }

    internal void CountArrived(string what, int octets)
    {
        Interlocked.Add(ref _arrived, octets);
        Note(what);
    }

    private void Note(string what)
    {
        lock (_gate)
        {
            if (_findings.Count < 20)
            {
                _findings.Add($"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {what}");
            }
        }
    }
}
