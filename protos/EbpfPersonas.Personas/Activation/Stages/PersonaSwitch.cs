namespace EbpfPersonas.Personas.Activation.Stages;

/// <summary>
/// A VM switched by itself: the local epoch that began, the persona (null = none) and its revision, why, the process
/// whose start or exit it was (pid and image without parent; null where it was none), and when.
/// </summary>
public sealed record PersonaSwitch(
    uint Epoch, string? Persona, ulong Revision, SwitchCause Cause, uint? Pid, ProcessImage? Process,
    DateTimeOffset Time)
{
    /// <summary>Of the process; 0 = not known.</summary>
    public uint ParentPid { get; init; }

    /// <summary>The persona that was not confirmed in time; null where that was not the cause.</summary>
    public string? RolledBack { get; init; }
}
