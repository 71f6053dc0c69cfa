using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Personas.Activation.Stages;

namespace EbpfPersonas.Agent.Activation;

/// <summary>The VM switched without its controller: to what, why, and by which process (null = none).</summary>
internal sealed record SwitchedByItself(RealisedState Realised, SwitchCause Cause, uint? Pid, DateTimeOffset Time)
{
    /// <summary>The persona that was not confirmed in time; null where that was not the cause.</summary>
    public string? RolledBack { get; init; }
}
