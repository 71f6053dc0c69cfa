using EbpfPersonas.Benchmarks.Measuring;

namespace EbpfPersonas.Benchmarks.Results;

/// <summary>
/// One result: ours beside a peer, or beside ourselves in another situation. With a peer, <see cref="Target"/> is the
/// highest ratio of ours to the peer's; without one, the highest value of ours.
/// </summary>
internal sealed record Row
{
    /// <summary>Above this, the same configuration against itself makes a row too noisy to be trusted.</summary>
    public const double NoiseMax = 0.05;

    public required string Goal { get; init; }

    public required string Case { get; init; }

    /// <summary>Null where it could not be done at all, which misses every target.</summary>
    public double? Ours { get; init; }

    public double? Peer { get; init; }

    public string? PeerName { get; init; }

    public required string Unit { get; init; }

    public double? Target { get; init; }

    /// <summary>Median, where <see cref="Ours"/> is the minimum of several runs.</summary>
    public double? OursMedian { get; init; }

    public double? OursSpread { get; init; }

    public double? PeerMedian { get; init; }

    public double? PeerSpread { get; init; }

    /// <summary>Largest difference of a configuration of this row from itself.</summary>
    public double? Noise { get; init; }

    /// <summary>What else there is to say.</summary>
    public string? Note { get; init; }

    public double? Ratio => Ours / Peer;

    /// <summary>Null where there is no target.</summary>
    public bool? Met => Target is null ? null : (PeerName is null ? Ours : Ratio) <= Target;

    public bool IsNoisy => Noise > NoiseMax;

    /// <summary>A row of two measured configurations.</summary>
    public static Row Of(
        string goal, string @case, Samples ours, Samples peer, string peerName, double? target = null) => new()
        {
            Goal = goal,
            Case = @case,
            Ours = ours.Minimum,
            Peer = peer.Minimum,
            PeerName = peerName,
            Unit = "ns",
            Target = target,
            OursMedian = ours.Median,
            OursSpread = ours.Spread,
            PeerMedian = peer.Median,
            PeerSpread = peer.Spread,
            Noise = Math.Max(ours.SelfDifference, peer.SelfDifference),
        };

    /// <summary>
    /// What two configurations add to a third, <paramref name="floor"/>: the ratio is of the differences. Noise of all
    /// three counts against the smaller difference.
    /// </summary>
    public static Row OfAdded(
        string goal, string @case, Samples ours, Samples peer, Samples floor, string peerName, double? target = null) =>
        new()
        {
            Goal = goal,
            Case = @case,
            Ours = Math.Max(ours.Minimum - floor.Minimum, 0),
            Peer = Math.Max(peer.Minimum - floor.Minimum, 0),
            PeerName = peerName,
            Unit = "ns",
            Target = target,
            OursMedian = ours.Median - floor.Median,
            OursSpread = ours.Spread,
            PeerMedian = peer.Median - floor.Median,
            PeerSpread = peer.Spread,
            Noise = Math.Max(NoiseOfAdded(ours, floor), NoiseOfAdded(peer, floor)),
        };

    /// <summary>What a configuration adds to another, without a peer.</summary>
    public static Row OfAdded(string goal, string @case, Samples ours, Samples floor) => new()
    {
        Goal = goal,
        Case = @case,
        Ours = Math.Max(ours.Minimum - floor.Minimum, 0),
        Unit = "ns",
        OursMedian = ours.Median - floor.Median,
        OursSpread = ours.Spread,
        Noise = NoiseOfAdded(ours, floor),
    };

    private static double NoiseOfAdded(Samples samples, Samples floor) =>
        ((samples.SelfDifference * samples.Minimum) + (floor.SelfDifference * floor.Minimum))
        / Math.Max(samples.Minimum - floor.Minimum, 1);
}
