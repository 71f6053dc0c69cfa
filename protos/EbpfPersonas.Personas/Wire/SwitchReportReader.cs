using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Stages;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Personas.Wire;

/// <summary>Reads a switch that a VM made by itself off the wire. The sender is not trusted.</summary>
public static class SwitchReportReader
{
    private const int MaxName = 256;

    /// <summary>The kernel's PATH_MAX.</summary>
    private const int MaxPath = 4096;

    /// <summary>The switch; throws <see cref="FormatException"/> that names the field.</summary>
    public static PersonaSwitch Read(V1.SwitchReport wire)
    {
        ArgumentNullException.ThrowIfNull(wire);
        if ((wire.Persona.Length == 0) != (wire.Revision == 0))
        {
            throw new FormatException("switched: a persona has a revision, and none has none.");
        }

        return new PersonaSwitch(
            wire.Epoch,
            wire.Persona.Length > 0 ? Text(wire.Persona, MaxName, "switched.persona") : null,
            wire.Revision <= long.MaxValue
                ? wire.Revision
                : throw new FormatException($"switched.revision: {wire.Revision} is out of range."),
            PersonaReader.Known<SwitchCause>((int)wire.Cause, "switched.cause"),
            wire.Process?.Pid,
            wire.Process is { } process
                ? new ProcessImage(
                    Text(process.Path, MaxPath, "switched.process.path"),
                    Text(process.Executable, MaxPath, "switched.process.executable"),
                    process.UserId,
                    Text(process.UserName, MaxName, "switched.process.user_name"))
                : null,
            ReadTime(wire))
        {
            ParentPid = wire.Process?.ParentPid ?? 0,
            RolledBack = wire.RolledBack.Length > 0 ? Text(wire.RolledBack, MaxName, "switched.rolled_back") : null,
        };
    }

    private static DateTimeOffset ReadTime(V1.SwitchReport wire)
    {
        try
        {
            return wire.Time?.ToDateTimeOffset() ?? throw new FormatException("switched.time is absent.");
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentOutOfRangeException)
        {
            throw new FormatException("switched.time is out of range.", exception);
        }
    }

    private static string Text(string text, int max, string field) =>
        text.Length <= max ? text : throw new FormatException($"{field} is longer than {max} characters.");
}
