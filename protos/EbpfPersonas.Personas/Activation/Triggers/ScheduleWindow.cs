namespace EbpfPersonas.Personas.Activation.Triggers;

/// <summary>
/// A window of the week in an IANA time zone, which is open while a clock on the wall there shows a time from
/// <paramref name="From"/> to before <paramref name="To"/> on one of <paramref name="Days"/> (bit n is
/// <see cref="DayOfWeek"/> n). A window that ends before it begins goes on after midnight and belongs to the day on
/// which it began. An hour that a change of summer time skips opens nothing; one that comes twice opens twice.
/// </summary>
public sealed record ScheduleWindow(int Days, TimeOnly From, TimeOnly To, string TimeZone)
{
    /// <summary>Every day of the week.</summary>
    public const int EveryDay = 0x7f;

    /// <summary>A week, for a window once a week, and another where a change of time swallows the first.</summary>
    private const int DaysAhead = 15;

    /// <summary>Whether this machine has the data of <paramref name="timeZone"/>: else a window never opens.</summary>
    public static bool IsKnownZone(string timeZone) => TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out _);

    /// <summary>Whether it is open at <paramref name="at"/>.</summary>
    public bool IsOpen(DateTimeOffset at) =>
        TimeZoneInfo.TryFindSystemTimeZoneById(TimeZone, out var zone) && IsOpen(at, zone);

    /// <summary>
    /// The first moment after <paramref name="now"/> at which it opens or closes; null where it never does.
    /// </summary>
    public DateTimeOffset? NextEdge(DateTimeOffset now)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(TimeZone, out var zone))
        {
            return null;
        }

        var open = IsOpen(now, zone);
        // Most windows are daily, and the next two days are enough.
        return NextEdge(2) is { } soon && soon - now < TimeSpan.FromDays(1) ? soon : NextEdge(DaysAhead);

        DateTimeOffset? NextEdge(int days) => PossibleEdges(now, zone, days).Where(edge => edge > now).Order()
            .Select(edge => (DateTimeOffset?)edge).FirstOrDefault(edge => IsOpen(edge!.Value, zone) != open);
    }

    private bool IsOpen(DateTimeOffset at, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(at, zone).DateTime;
        var time = TimeOnly.FromDateTime(local);
        return From < To
            ? time >= From && time < To && Has(local.DayOfWeek)
            : (time >= From && Has(local.DayOfWeek)) || (time < To && Has(local.AddDays(-1).DayOfWeek));
    }

    private bool Has(DayOfWeek day) => (Days & (1 << (int)day)) != 0;

    /// <summary>All moments of the coming days at which it may open or close, in no order.</summary>
    private IEnumerable<DateTimeOffset> PossibleEdges(DateTimeOffset now, TimeZoneInfo zone, int days)
    {
        var today = TimeZoneInfo.ConvertTime(now, zone).Date;
        for (var day = -1; day <= days; day++)
        {
            foreach (var time in new[] { From, To })
            {
                // As if the zone were UTC, which it is but for its offset: that of the day before or of the day after.
                var local = new DateTimeOffset(today.AddDays(day) + time.ToTimeSpan(), TimeSpan.Zero);
                var (before, after) = (local.AddDays(-1), local.AddDays(1));
                var (early, late) = (zone.GetUtcOffset(before), zone.GetUtcOffset(after));
                yield return local - early;
                if (early != late)
                {
                    yield return local - late;
                    yield return Change(before, after, zone);
                }
            }
        }
    }

    /// <summary>The second at which the zone's offset, that of <paramref name="before"/>, becomes another.</summary>
    private static DateTimeOffset Change(DateTimeOffset before, DateTimeOffset after, TimeZoneInfo zone)
    {
        var offset = zone.GetUtcOffset(before);
        while (after - before > TimeSpan.FromSeconds(1))
        {
            var middle = before.AddSeconds(Math.Floor((after - before).TotalSeconds / 2));
            (before, after) = zone.GetUtcOffset(middle) == offset ? (middle, after) : (before, middle);
        }

        return after;
    }
}
