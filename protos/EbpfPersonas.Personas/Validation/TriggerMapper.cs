using System.Collections.Immutable;
using EbpfPersonas.Personas.Activation.Triggers;
using EbpfPersonas.Personas.Documents;

namespace EbpfPersonas.Personas.Validation;

/// <summary>Maps a checked document's trigger to what is evaluated.</summary>
internal static class TriggerMapper
{
    /// <summary>
    /// The trigger; one that never holds where there is none, or where any part of it is not evaluated.
    /// </summary>
    public static Trigger ToTrigger(PersonaDocument document) =>
        document.ActivationTrigger is { IsEvaluated: true } written
        && ToTrigger(written) is var trigger
        && trigger.Windows.All(window => ScheduleWindow.IsKnownZone(window.TimeZone))
            ? trigger
            : Trigger.Never;

    private static Trigger ToTrigger(TriggerDocument document)
    {
        var parts = new List<Trigger>();
        var condition = new ProcessCondition
        {
            ProcessName = document.ProcessName,
            ProcessPath = document.ProcessPath,
            User = document.User,
            ParentProcess = document.ParentProcess,
        };
        if (!condition.IsEmpty)
        {
            parts.Add(new ProcessTrigger(condition));
        }

        if (document.Schedule is { } schedule)
        {
            parts.Add(new WindowTrigger(ToWindow(schedule)));
        }

        if (!document.AnyOf.IsEmpty)
        {
            parts.Add(new AnyTrigger([.. document.AnyOf.Select(ToTrigger)]));
        }

        parts.AddRange(document.AllOf.Select(ToTrigger));
        if (document.Not is { } not)
        {
            parts.Add(new NotTrigger(ToTrigger(not)));
        }

        return parts is [var only] ? only : new AllTrigger(parts.ToImmutableArray());
    }

    private static ScheduleWindow ToWindow(ScheduleTrigger schedule) => new(
        schedule.Days.IsEmpty
            ? ScheduleWindow.EveryDay
            : schedule.Days.Aggregate(0, (days, day) => days | (1 << (int)day)),
        schedule.From, schedule.To, schedule.TimeZone);
}
