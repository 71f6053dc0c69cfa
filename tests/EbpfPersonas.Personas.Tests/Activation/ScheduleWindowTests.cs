using EbpfPersonas.Personas.Activation.Triggers;
using EbpfPersonas.TestKit.Fuzzing;

namespace EbpfPersonas.Personas.Tests.Activation;

/// <summary>The situations with a schedule tell of a rule each; here is what holds of all windows.</summary>
public sealed class ScheduleWindowTests
{
    /// <summary>With summer time on either half of the globe, half hours, and a day that was left out.</summary>
    private static readonly (string Zone, DateTimeOffset From)[] Places =
    [
        ("UTC", new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)),
        ("Europe/Berlin", new(2026, 3, 27, 0, 0, 0, TimeSpan.Zero)),
        ("Europe/Berlin", new(2026, 10, 23, 0, 0, 0, TimeSpan.Zero)),
        ("America/New_York", new(2026, 3, 6, 0, 0, 0, TimeSpan.Zero)),
        ("Australia/Lord_Howe", new(2026, 4, 3, 0, 0, 0, TimeSpan.Zero)),
        ("Asia/Kathmandu", new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero)),
        ("Pacific/Apia", new(2011, 12, 28, 0, 0, 0, TimeSpan.Zero)),
    ];

    /// <summary>The edges are found by looking at each minute, which nobody would do in production.</summary>
    [Fact]
    public void The_next_edge_is_where_a_look_at_every_minute_finds_it()
    {
        var random = new Prng(20260105);
        for (var run = 0; run < 60; run++)
        {
            var (zone, start) = random.Pick(Places.AsSpan());
            var window = new ScheduleWindow(
                random.Chance(50) ? ScheduleWindow.EveryDay : random.Between(1, ScheduleWindow.EveryDay),
                new TimeOnly(random.Below(24), random.Below(60)), new TimeOnly(random.Below(24), random.Below(60)),
                zone);
            var (now, open) = (start, window.IsOpen(start));
            var edge = window.NextEdge(now);
            for (var minute = start; minute < start.AddDays(5); minute = minute.AddMinutes(1))
            {
                if (window.IsOpen(minute) == open)
                {
                    continue;
                }

                Assert.True(edge == minute, $"{run}: {window} at {now}: {edge} instead of {minute}");
                (now, open, edge) = (minute, !open, window.NextEdge(minute));
            }

            Assert.True(edge is null || edge >= start.AddDays(5), $"{run}: {window} at {now}: {edge}");
        }
    }

    [Fact]
    public void A_window_in_a_place_that_nobody_knows_never_opens()
    {
        var window = new ScheduleWindow(ScheduleWindow.EveryDay, new TimeOnly(0, 0), new TimeOnly(23, 59), "Mars/Base");

        Assert.False(window.IsOpen(Places[0].From));
        Assert.Null(window.NextEdge(Places[0].From));
        Assert.False(ScheduleWindow.IsKnownZone("Mars/Base"));
        Assert.True(ScheduleWindow.IsKnownZone("Europe/Berlin"));
    }

    [Fact]
    public void A_second_before_the_end_it_is_open_and_at_the_end_it_is_not()
    {
        var window = new ScheduleWindow(1 << (int)DayOfWeek.Thursday, new TimeOnly(8, 0), new TimeOnly(9, 0), "UTC");
        var eight = new DateTimeOffset(2026, 1, 1, 8, 0, 0, TimeSpan.Zero);

        Assert.False(window.IsOpen(eight.AddTicks(-1)));
        Assert.True(window.IsOpen(eight));
        Assert.True(window.IsOpen(eight.AddHours(1).AddTicks(-1)));
        Assert.False(window.IsOpen(eight.AddHours(1)));
        Assert.False(window.IsOpen(eight.AddDays(1)));
    }
}
