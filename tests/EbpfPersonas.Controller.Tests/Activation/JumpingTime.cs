namespace EbpfPersonas.Controller.Tests.Activation;

/// <summary>The machine's clock, which somebody sets; timers and time stamps go on as they did.</summary>
internal sealed class JumpingTime : TimeProvider
{
    private long _offset;

    public void Jump(TimeSpan by) => Interlocked.Add(ref _offset, by.Ticks);

    public override DateTimeOffset GetUtcNow() =>
        System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _offset));
}
