namespace EbpfPersonas.Agent.Tests.Identity;

/// <summary>A wall clock that somebody sets; timers run as they do.</summary>
internal sealed class FakeJumpingTime : TimeProvider
{
    private long _ahead;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Volatile.Read(ref _ahead));

    public void Jump(TimeSpan by) => Interlocked.Add(ref _ahead, by.Ticks);
}
