using EbpfPersonas.Personas.Activation.Triggers;
using EbpfPersonas.Personas.Json;

namespace EbpfPersonas.Personas.Validation;

/// <summary>
/// Refuses a trigger that asks too much, and warns of one that can never hold, always holds, or holds while nothing
/// runs, by trying out which of its conditions hold. One with more of them than can be tried is not judged.
/// </summary>
internal static class TriggerLint
{
    private const string Pointer = "/activation_trigger";

    /// <summary>Conditions and windows of one trigger: each event of the VM may ask about all of them.</summary>
    private const int MaxLeaves = 256;

    /// <summary>2^10 trials for each state of the windows, each asking about every leaf.</summary>
    private const int MaxConditionsTried = 10;

    private const int MaxWindowsTried = 4;
    private const int MaxLeavesTried = 64;

    /// <summary>A Monday; windows repeat each week, but for the weeks in which a zone changes its offset.</summary>
    private static readonly DateTimeOffset Start = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    public static void Check(Trigger trigger, Findings findings)
    {
        var leaves = trigger.Conditions.Count() + trigger.Windows.Count();
        if (leaves > MaxLeaves)
        {
            findings.Error(
                Pointer, FindingCode.TooMany,
                $"At most {MaxLeaves} conditions and schedules are allowed in a trigger, not {leaves}.");
        }

        var conditions = trigger.Conditions.Distinct().ToArray();
        var windows = trigger.Windows.Distinct().ToArray();
        if (trigger is NeverTrigger || leaves > MaxLeavesTried || conditions.Length > MaxConditionsTried
            || windows.Length > MaxWindowsTried)
        {
            return;
        }

        var moments = Moments(trigger, windows);
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

    /// <summary>One moment for each state that the windows have together in a week.</summary>
    private static DateTimeOffset[] Moments(Trigger trigger, ScheduleWindow[] windows)
    {
        var moments = new List<DateTimeOffset> { Start };
        while (trigger.NextEdge(moments[^1]) is { } edge && edge < Start.AddDays(8))
        {
            moments.Add(edge);
        }

        return [.. moments.DistinctBy(now => string.Concat(windows.Select(window => window.IsOpen(now) ? '1' : '0')))];
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
