using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting.Systemd;

namespace EbpfPersonas.Controller.Hosting;

/// <summary>
/// Tells systemd that the controller lives (WatchdogSec=, sd_watchdog_enabled(3)): three times in the time that systemd
/// waits, each time after the store has answered. A store that says no answers too: /readyz tells of it, and a new
/// start would not mend a disk.
/// </summary>
internal sealed class Watchdog(ISystemdNotifier notifier, TimeSpan patience, Func<Task> askStore, TimeProvider time)
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

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(patience / 3, time);
        do
        {
            try
            {
                await askStore();
            }
            catch (Exception exception) when (exception is SqliteException or IOException)
            {
                // It answered.
            }

            notifier.Notify(Alive);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
