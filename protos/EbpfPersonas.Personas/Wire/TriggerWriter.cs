using EbpfPersonas.Personas.Activation.Triggers;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Personas.Wire;

/// <summary>Writes a trigger for the wire.</summary>
public static class TriggerWriter
{
    /// <summary>
    /// The wire's form; throws <see cref="ArgumentException"/> for one that never holds, which the wire does not know.
    /// </summary>
    public static V1.TriggerExpression Write(Trigger trigger) => trigger switch
    {
        ProcessTrigger process => new V1.TriggerExpression { Process = Write(process.Condition) },
        WindowTrigger window => new V1.TriggerExpression { Schedule = Write(window.Window) },
        AllTrigger all => new V1.TriggerExpression { AllOf = Write(all.Parts) },
        AnyTrigger any => new V1.TriggerExpression { AnyOf = Write(any.Parts) },
        NotTrigger not => new V1.TriggerExpression { Not = Write(not.Part) },
        _ => throw new ArgumentException("The trigger never holds.", nameof(trigger)),
    };

    private static V1.TriggerList Write(IEnumerable<Trigger> parts)
    {
        var list = new V1.TriggerList();
        list.Parts.AddRange(parts.Select(Write));
        return list;
    }

    /// <summary>What is asked of one process.</summary>
    public static V1.ProcessCondition Write(ProcessCondition condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        var wire = new V1.ProcessCondition();
        if (condition.ProcessName is { } name)
        {
            wire.ProcessName = name;
        }

        if (condition.ProcessPath is { } path)
        {
            wire.ProcessPath = path;
        }

        if (condition.User is { } user)
        {
            wire.User = user;
        }

        if (condition.ParentProcess is { } parent)
        {
            wire.ParentProcess = parent;
        }

        return wire;
    }

    private static V1.ScheduleWindow Write(ScheduleWindow window) => new()
    {
        Days = (uint)window.Days,
        FromMinute = MinuteOf(window.From),
        ToMinute = MinuteOf(window.To),
        TimeZone = window.TimeZone,
    };

    private static uint MinuteOf(TimeOnly time) => (uint)((time.Hour * 60) + time.Minute);
}
