using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>What the link needs of the datapath; the real one is <see cref="Activation.StagedActivation"/>.</summary>
public interface IDataplane
{
    /// <summary>What is in force.</summary>
    RealisedState Realised { get; }

    /// <summary>
    /// Puts <paramref name="persona"/> (null = none) in force, and makes the VM switch by itself to what
    /// <paramref name="staging"/> says (null = nothing); throws <see cref="ApplyException"/>, and then everything is as
    /// it was.
    /// </summary>
    RealisedState Apply(ulong generation, Persona? persona, Staging? staging = null);

    /// <summary>
    /// The VM does not switch by itself to <paramref name="barred"/>, and leaves it where it has; takes the place of
    /// what was held back before.
    /// </summary>
    void HoldBack(IReadOnlySet<PersonaRevision> barred);

    /// <summary>Hangs the filters on every interface; gives how.</summary>
    AttachMode Attach();

    /// <summary>
    /// Takes the filters off every interface, and leaves new ones without; <see cref="Attach"/> undoes it.
    /// </summary>
    void Detach();

    /// <summary>Replaces the flows that pass before any persona is asked.</summary>
    void SetFailsafe(IReadOnlyList<FailsafeFlow> flows);
}
