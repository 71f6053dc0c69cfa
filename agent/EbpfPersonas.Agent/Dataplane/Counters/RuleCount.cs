namespace EbpfPersonas.Agent.Dataplane.Counters;

/// <summary>
/// Packets and octets of frames that a rule decided on, and when the last one came: CLOCK_MONOTONIC, ns, to a tick of
/// the kernel; 0 = never.
/// </summary>
public readonly record struct RuleCount(ulong Packets, ulong Bytes, ulong LastHit)
{
    /// <summary>The sum, and the later of the two.</summary>
    public static RuleCount operator +(RuleCount left, RuleCount right) => Add(left, right);

    /// <summary>The sum, and the later of the two.</summary>
    public static RuleCount Add(RuleCount left, RuleCount right) =>
        new(left.Packets + right.Packets, left.Bytes + right.Bytes, Math.Max(left.LastHit, right.LastHit));
}
