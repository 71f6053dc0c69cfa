using System.Threading.Channels;
using EbpfPersonas.Agent.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EbpfPersonas.Agent.Tests.Hosting;

/// <summary>What systemd hears while the agent is well, and while it is not.</summary>
public sealed class WatchdogTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("30000000", null, 30)]
    [InlineData("30000000", "41", 30)]
    [InlineData("30000000", "42", null)]
    [InlineData("0", "41", null)]
    [InlineData("-1", "41", null)]
    [InlineData("soon", "41", null)]
    [InlineData(null, null, null)]
    public void Systemd_asks_this_process_or_nobody(string? microseconds, string? pid, int? seconds)
    {
        var patience = Watchdog.PatienceOf(
            41, name => name == "WATCHDOG_USEC" ? microseconds : name == "WATCHDOG_PID" ? pid : null);
        Assert.Equal(seconds is { } number ? TimeSpan.FromSeconds(number) : null, patience);
    }

    [Fact]
    public async Task Is_heard_of_while_it_is_well_and_not_while_it_is_not()
    {
        var isWell = true;
        var notifier = new FakeNotifier();
        using var watchdog = new Watchdog(
            notifier, TimeSpan.FromMilliseconds(150), () => Volatile.Read(ref isWell), TimeProvider.System,
            NullLogger<Watchdog>.Instance);
        await watchdog.StartAsync(CancellationToken.None);

        for (var count = 0; count < 5; count++)
        {
            Assert.Equal("WATCHDOG=1", await notifier.NextAsync(Patience));
        }

        Volatile.Write(ref isWell, false);
        await notifier.SilenceAsync(TimeSpan.FromMilliseconds(500), Patience);
        Volatile.Write(ref isWell, true);
        Assert.Equal("WATCHDOG=1", await notifier.NextAsync(Patience));
        await watchdog.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Is_not_heard_of_while_nothing_answers()
    {
        using var answers = new SemaphoreSlim(0);
        var notifier = new FakeNotifier();
        using var watchdog = new Watchdog(
            notifier, TimeSpan.FromMilliseconds(150), () => answers.Wait(Patience), TimeProvider.System,
            NullLogger<Watchdog>.Instance);
        await watchdog.StartAsync(CancellationToken.None);

        await notifier.SilenceAsync(TimeSpan.FromMilliseconds(500), Patience);
        answers.Release(2);
        Assert.Equal("WATCHDOG=1", await notifier.NextAsync(Patience));
        await watchdog.StopAsync(CancellationToken.None);
    }

    private sealed class FakeNotifier : ISystemdNotifier
    {
        private readonly Channel<string> _heard = Channel.CreateUnbounded<string>();

        public bool IsEnabled => true;

        public void Notify(ServiceState state) => _heard.Writer.TryWrite(state.ToString());

        public Task<string> NextAsync(TimeSpan patience) => _heard.Reader.ReadAsync().AsTask().WaitAsync(patience);

        /// <summary>Waits until nothing was heard for so long.</summary>
        public async Task SilenceAsync(TimeSpan duration, TimeSpan patience)
        {
            using var end = new CancellationTokenSource(patience);
            do
            {
                while (_heard.Reader.TryRead(out _))
                {
                }

                await Task.Delay(duration, end.Token);
            }
            while (_heard.Reader.TryPeek(out _));
        }
    }
}
