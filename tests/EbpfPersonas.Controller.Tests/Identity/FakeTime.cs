namespace EbpfPersonas.Controller.Tests.Identity;

/// <summary>A clock that stands until somebody turns it; time stamps follow it.</summary>
internal sealed class FakeTime : TimeProvider
{
    private readonly DateTimeOffset _start = System.GetUtcNow();
    private TimeSpan _passed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Advance(TimeSpan by) => _passed += by;

    public override DateTimeOffset GetUtcNow() => _start + _passed;

    public override long GetTimestamp() => _passed.Ticks;
}
