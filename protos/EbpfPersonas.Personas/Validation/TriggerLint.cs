using EbpfPersonas.Personas.Activation.Triggers;
using EbpfPersonas.Personas.Json;

namespace EbpfPersonas.Personas.Validation;

/// <summary>
/// Warns of a trigger that can never hold, always holds, or holds while nothing runs, by trying out which of its
/// conditions hold. One with more conditions than can be tried is not judged.
/// </summary>
internal static class TriggerLint
{
    private const string Pointer = "/activation_trigger";

    /// <summary>2^10 trials for each state of the windows.</summary>
    private const int MaxConditions = 10;

    private const int MaxWindows = 8;

    /// <summary>A Monday; windows repeat each week, but for the weeks in which a zone changes its offset.</summary>
    private static readonly DateTimeOffset Start = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    public static void Warn(Trigger trigger, Findings findings)
    {
        var conditions = trigger.Conditions.Distinct().ToArray();
        var windows = trigger.Windows.Distinct().ToArray();
        if (trigger is NeverTrigger || conditions.Length > MaxConditions || windows.Length > MaxWindows)
        {
            return;
        }

        var moments = Moments(trigger);
        var answers = Worlds(conditions)
            .SelectMany(live => moments.Select(
                now => (Nothing: live.Count == 0, Holds: trigger.Holds(live, now) == true)))
            .Distinct().ToArray();
        if (!answers.Any(answer => answer.Holds))
        {
            findings.Warn(Pointer, FindingCode.NeverLive, "No process and no time of day can make this trigger hold.");
        }
        else if (answers.All(answer => answer.Holds))
        {
            findings.Warn(Pointer, FindingCode.AlwaysLive,
                "This trigger holds whatever runs. Make the persona the default instead.");
        }
        else if (conditions.Length > 0 && answers.Any(answer => answer is { Nothing: true, Holds: true }))
        {
            findings.Warn(Pointer, FindingCode.LiveAtBoot,
                "This trigger holds while no such process runs: from boot on, before anything was started.");
        }
    }

    /// <summary>One moment for each state of the windows: a week's edges.</summary>
    private static List<DateTimeOffset> Moments(Trigger trigger)
    {
        var moments = new List<DateTimeOffset> { Start };
        while (trigger.NextEdge(moments[^1]) is { } edge && edge < Start.AddDays(8))
        {
            moments.Add(edge);
        }

        return moments;
    }

    /// <summary>
    /// Every set of conditions that can hold at once: where a process meets one, it meets those that ask no more.
    /// </summary>
    private static IEnumerable<HashSet<ProcessCondition>> Worlds(ProcessCondition[] conditions) =>
        from bits in Enumerable.Range(0, 1 << conditions.Length)
        let live = conditions.Where((_, index) => (bits & (1 << index)) != 0).ToHashSet()
        where !live.Any(met => conditions.Any(weaker => weaker.AsksNoMoreThan(met) && !live.Contains(weaker)))
        select live;
}
