using System.Collections.Immutable;

namespace EbpfPersonas.Personas.Documents;

/// <summary>
/// A window of the week: the days (empty is every day) from one time of day to another, in an IANA time zone.
/// </summary>
internal sealed record ScheduleTrigger(ImmutableArray<DayOfWeek> Days, TimeOnly From, TimeOnly To, string TimeZone);
