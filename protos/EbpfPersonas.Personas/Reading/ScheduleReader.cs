using System.Globalization;
using System.Text.RegularExpressions;
using EbpfPersonas.Personas.Activation.Triggers;
using EbpfPersonas.Personas.Documents;
using EbpfPersonas.Personas.Json;

namespace EbpfPersonas.Personas.Reading;

/// <summary>
/// Reads <c>schedule</c>: <c>{"days": ["mon"], "from": "08:00", "to": "18:00", "time_zone": "Europe/Berlin"}</c>.
/// </summary>
internal static partial class ScheduleReader
{
    public static ScheduleTrigger? Read(Field field)
    {
        if (field.Object("days", "from", "to", "time_zone") is not { } members)
        {
            return null;
        }

        var days = (members["days"]?.NonEmptyList(7) ?? []).Select(day => day.Word(
            ("mon", DayOfWeek.Monday), ("tue", DayOfWeek.Tuesday), ("wed", DayOfWeek.Wednesday),
            ("thu", DayOfWeek.Thursday),
            ("fri", DayOfWeek.Friday), ("sat", DayOfWeek.Saturday),
            ("sun", DayOfWeek.Sunday))).OfType<DayOfWeek>().ToArray();
        var from = members.Require("from") is { } start ? ReadTime(start) : null;
        var to = members.Require("to") is { } end ? ReadTime(end) : null;
        if (from is { } begins && from == to)
        {
            members["to"]!.Value.Error(FindingCode.Empty, $"The window begins and ends at {begins:HH:mm}.");
        }

        var zone = members["time_zone"] is { } named ? ReadZone(named) : "UTC";
        return from is { } first && to is { } last && zone is not null
            ? new ScheduleTrigger([.. days], first, last, zone)
            : null;
    }

    private static TimeOnly? ReadTime(Field field)
    {
        if (field.Text() is not { } text)
        {
            return null;
        }

        if (TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            return time;
        }

        field.Error(FindingCode.BadValue, $"{Printable.Quote(text)} is not a time of day such as \"08:30\".");
        return null;
    }

    private static string? ReadZone(Field field)
    {
        if (field.Text() is not { } text)
        {
            return null;
        }

        if (!ZonePattern().IsMatch(text))
        {
            field.Error(FindingCode.BadValue, $"{Printable.Quote(text)} is not a time zone such as \"Europe/Berlin\".");
            return null;
        }

        // No error: what the data of time zones lose with an upgrade must not make a stored document unreadable.
        if (!ScheduleWindow.IsKnownZone(text))
        {
            field.NotEnforcedYet("the time zone data of this machine lack it: the trigger never fires.");
        }

        return text;
    }

    [GeneratedRegex(@"\A[A-Za-z]+([_+/-][A-Za-z0-9]+)*\z")]
    private static partial Regex ZonePattern();
}
