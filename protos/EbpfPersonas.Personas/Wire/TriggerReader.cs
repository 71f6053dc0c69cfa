using System.Collections.Immutable;
using EbpfPersonas.Personas.Activation.Triggers;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Personas.Wire;

/// <summary>Reads a trigger off the wire, as strictly as a persona.</summary>
public static class TriggerReader
{
    private const int MinutesOfDay = 24 * 60;

    /// <summary>The trigger; throws <see cref="FormatException"/> that names the field.</summary>
    public static Trigger Read(V1.TriggerExpression? wire, string field) => wire?.KindCase switch
    {
        V1.TriggerExpression.KindOneofCase.Process =>
            new ProcessTrigger(ReadCondition(wire.Process, $"{field}.process")),
        V1.TriggerExpression.KindOneofCase.Schedule =>
            new WindowTrigger(ReadWindow(wire.Schedule, $"{field}.schedule")),
        V1.TriggerExpression.KindOneofCase.AllOf => new AllTrigger(ReadParts(wire.AllOf, $"{field}.all_of")),
        V1.TriggerExpression.KindOneofCase.AnyOf => new AnyTrigger(ReadParts(wire.AnyOf, $"{field}.any_of")),
        V1.TriggerExpression.KindOneofCase.Not => new NotTrigger(Read(wire.Not, $"{field}.not")),
        _ => throw new FormatException($"{field} is of no known kind."),
    };

    private static ImmutableArray<Trigger> ReadParts(V1.TriggerList wire, string field) => wire.Parts.Count > 0
        ? [.. wire.Parts.Select((part, index) => Read(part, $"{field}[{index}]"))]
        : throw new FormatException($"{field} is empty.");

    /// <summary>What is asked of one process; throws <see cref="FormatException"/> that names the field.</summary>
    public static ProcessCondition ReadCondition(V1.ProcessCondition wire, string field)
    {
        ArgumentNullException.ThrowIfNull(wire);
        var condition = new ProcessCondition
        {
            ProcessName = wire.HasProcessName ? wire.ProcessName : null,
            ProcessPath = wire.HasProcessPath ? wire.ProcessPath : null,
            User = wire.HasUser ? wire.User : null,
            ParentProcess = wire.HasParentProcess ? wire.ParentProcess : null,
        };
        var parts = new[] { condition.ProcessName, condition.ProcessPath, condition.User, condition.ParentProcess };
        return !condition.IsEmpty && !parts.Contains("")
            ? condition
            : throw new FormatException($"{field} has nothing to ask, or asks for an empty word.");
    }

    private static ScheduleWindow ReadWindow(V1.ScheduleWindow wire, string field)
    {
        var window = new ScheduleWindow(
            PersonaReader.InRange(wire.Days, ScheduleWindow.EveryDay, $"{field}.days"),
            ReadTime(wire.FromMinute, $"{field}.from_minute"), ReadTime(wire.ToMinute, $"{field}.to_minute"),
            wire.TimeZone);
        if (window.Days == 0 || window.From == window.To)
        {
            throw new FormatException($"{field} never opens.");
        }

        return ScheduleWindow.IsKnownZone(window.TimeZone)
            ? window
            : throw new FormatException($"{field}.time_zone: this machine has no data of '{window.TimeZone}'.");
    }

    private static TimeOnly ReadTime(uint minute, string field) =>
        TimeOnly.MinValue.AddMinutes(PersonaReader.InRange(minute, MinutesOfDay - 1, field));
}
