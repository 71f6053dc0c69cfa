using EbpfPersonas.Personas.Activation.Stages;
using Google.Protobuf.WellKnownTypes;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Personas.Wire;

/// <summary>Writes a switch that a VM made by itself for the wire.</summary>
public static class SwitchReportWriter
{
    /// <summary>The wire's form.</summary>
    public static V1.SwitchReport Write(PersonaSwitch made)
    {
        ArgumentNullException.ThrowIfNull(made);
        return new V1.SwitchReport
        {
            Epoch = made.Epoch,
            Persona = made.Persona ?? "",
            Revision = made.Revision,
            Cause = (V1.SwitchCause)made.Cause,
            Process = made.Process is { } process
                ? new V1.SwitchProcess
                {
                    Pid = made.Pid ?? 0,
                    ParentPid = made.ParentPid,
                    Path = process.Path,
                    Executable = process.Executable,
                    UserId = process.UserId,
                    UserName = process.UserName,
                }
                : null,
            Time = Timestamp.FromDateTimeOffset(made.Time),
            RolledBack = made.RolledBack ?? "",
        };
    }
}
