using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;

namespace EbpfPersonas.Agent.Hosting;

/// <summary>
/// Tells systemd that the agent lives (WatchdogSec=, sd_watchdog_enabled(3)): three times in the time that systemd
/// waits, each time after <paramref name="isWell"/> has answered. Where it says no, or does not answer, systemd hears
/// nothing and starts the agent anew; what is in force stays so.
/// </summary>
internal sealed class Watchdog(
    ISystemdNotifier notifier, TimeSpan patience, Func<bool> isWell, TimeProvider time, ILogger<Watchdog> log)
    : BackgroundService
{
    private static readonly ServiceState Alive = new("WATCHDOG=1");

    /// <summary>
    /// How long systemd waits for a sign of process <paramref name="pid"/>; null where it asks for none.
    /// </summary>
    public static TimeSpan? PatienceOf(int pid, Func<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        var forOther = environment("WATCHDOG_PID") is { } asked
            && asked != pid.ToString(CultureInfo.InvariantCulture);
        return !forOther && long.TryParse(
            environment("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds)
            && microseconds > 0
            ? TimeSpan.FromMicroseconds(microseconds)
            : null;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(patience / 3, time);
        do
        {
            if (isWell())
            {
                notifier.Notify(Alive);
            }
            else
            {
                Log.NotWell(log);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
