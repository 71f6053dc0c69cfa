using EbpfPersonas.Agent.Link;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Link;

public sealed class ReconnectBackoffTests
{
    [Fact]
    public void Doubles_from_a_fifth_of_a_second_to_ten_seconds()
    {
        var backoff = new ReconnectBackoff(new Random(1));
        double[] most = [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10, 10];

        foreach (var seconds in most)
        {
            Assert.InRange(backoff.Next().TotalSeconds, seconds / 2, seconds);
        }
    }

    [Fact]
    public void Two_agents_do_not_come_back_together()
    {
        Assert.NotEqual(new ReconnectBackoff(new Random(1)).Next(), new ReconnectBackoff(new Random(2)).Next());
    }

    [Fact]
    public void Starts_again_after_a_stable_stream()
    {
        var backoff = new ReconnectBackoff(new Random(1));
        for (var i = 0; i < 9; i++)
        {
            backoff.Next();
        }

        backoff.Reset();

        Assert.InRange(backoff.Next(), TimeSpan.Zero, ReconnectBackoff.First);
    }
}
