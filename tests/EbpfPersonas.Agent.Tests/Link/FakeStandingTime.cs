namespace EbpfPersonas.Agent.Tests.Link;

/// <summary>A clock on which nothing is ever due; timers run.</summary>
internal sealed class FakeStandingTime : TimeProvider
{
    public override long GetTimestamp() => 1;
}
