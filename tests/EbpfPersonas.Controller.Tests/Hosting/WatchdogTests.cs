using EbpfPersonas.Controller.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting.Systemd;
using Xunit;

namespace EbpfPersonas.Controller.Tests.Hosting;

/// <summary>What systemd hears while the store answers, and while it does not.</summary>
public sealed class WatchdogTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("30000000", null, 30)]
    [InlineData("30000000", "41", 30)]
    [InlineData("30000000", "42", null)]
    [InlineData("0", "41", null)]
    [InlineData(null, null, null)]
    public void Systemd_asks_this_process_or_nobody(string? microseconds, string? pid, int? seconds)
    {
        var patience = Watchdog.PatienceOf(
            41, name => name == "WATCHDOG_USEC" ? microseconds : name == "WATCHDOG_PID" ? pid : null);
        Assert.Equal(seconds is { } number ? TimeSpan.FromSeconds(number) : null, patience);
    }

    [Fact]
    public async Task Is_heard_of_while_the_store_answers_even_if_it_says_no()
    {
        var notifier = new FakeNotifier();
        using var watchdog = new Watchdog(
            notifier, TimeSpan.FromMilliseconds(150), () => throw new SqliteException("disk I/O error", 10),
            TimeProvider.System);
        await watchdog.StartAsync(CancellationToken.None);

        for (var count = 0; count < 5; count++)
        {
            Assert.True(await notifier.Heard.WaitAsync(Patience));
        }

        await watchdog.StopAsync(CancellationToken.None);
        Assert.Equal("WATCHDOG=1", notifier.Last);
    }

    [Fact]
    public async Task Is_not_heard_of_while_the_store_does_not_answer()
    {
        var answer = new TaskCompletionSource();
        var notifier = new FakeNotifier();
        using var watchdog = new Watchdog(
            notifier, TimeSpan.FromMilliseconds(150), () => answer.Task, TimeProvider.System);
        await watchdog.StartAsync(CancellationToken.None);

        Assert.False(await notifier.Heard.WaitAsync(TimeSpan.FromSeconds(1)));
        answer.SetResult();
        Assert.True(await notifier.Heard.WaitAsync(Patience));
        await watchdog.StopAsync(CancellationToken.None);
    }

    private sealed class FakeNotifier : ISystemdNotifier
    {
        public bool IsEnabled => true;

        public SemaphoreSlim Heard { get; } = new(0);

        public string? Last { get; private set; }

        public void Notify(ServiceState state)
        {
            Last = state.ToString();
            Heard.Release();
        }
    }
}
