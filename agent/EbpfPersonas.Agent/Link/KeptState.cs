using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Model;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Link;

/// <summary>One generation as it was found on disk: what it says, or what is wrong with it.</summary>
internal sealed record KeptState(StateName Name)
{
    /// <summary>What was written; null where it cannot be used.</summary>
    public V1.StoredState? State { get; init; }

    /// <summary>Its persona, checked; null also where none was desired.</summary>
    public Persona? Persona { get; init; }

    /// <summary>What it stages, checked; null where it cannot be used.</summary>
    public Staging? Staging { get; init; }

    /// <summary>Why it cannot be used; null where it can.</summary>
    public StateFault? Fault { get; init; }

    /// <summary>The same as a sentence that names the file.</summary>
    public string Message { get; init; } = string.Empty;

    /// <summary>Whether it was made for what the datapath says it runs.</summary>
    public bool Describes(Dataplane.RealisedState realised) =>
        State is not null
        && State.Desired.Generation == realised.Generation
        && (IsOrNothing(Persona, realised)
            || (Staging?.Staged.Any(one => IsOrNothing(one.Persona, realised)) ?? false));

    private static bool IsOrNothing(Persona? persona, Dataplane.RealisedState realised) =>
        persona?.Name == realised.Persona && (persona?.Revision ?? 0) == realised.Revision;
}
