namespace EbpfPersonas.TestKit.Conntrack;

/// <summary>
/// Order of TCP's sequence numbers (RFC 9293 section 3.4): they go round, so one is before another where it is less
/// than half way round behind it. Of two that are just half way from each other neither is.
/// </summary>
public static class SequenceNumber
{
    /// <summary>Whether <paramref name="one"/> is <paramref name="other"/> or before it.</summary>
    public static bool IsAtMost(uint one, uint other) => unchecked((int)(other - one)) >= 0;

    /// <summary>Whether <paramref name="one"/> is <paramref name="other"/> or after it.</summary>
    public static bool IsAtLeast(uint one, uint other) => IsAtMost(other, one);

    /// <summary>Whether <paramref name="one"/> is not <paramref name="other"/> and not before it.</summary>
    public static bool IsAfter(uint one, uint other) => !IsAtMost(one, other);

    /// <summary>Whether it lies from <paramref name="first"/> to <paramref name="last"/>, both included.</summary>
    public static bool IsBetween(uint number, uint first, uint last) =>
        IsAtLeast(number, first) && IsAtMost(number, last);
}
