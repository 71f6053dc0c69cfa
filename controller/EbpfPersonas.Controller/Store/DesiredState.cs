using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Store;

/// <summary>What a VM should run, and why. Generation 0: nothing was ever decided, the VM keeps what it has.</summary>
internal sealed record DesiredState(
    long Generation, string? Persona, long Revision, ActivationCause Cause, string Sentence, DateTimeOffset Since)
{
    /// <summary>Before the first decision.</summary>
    public static DesiredState Initial { get; } =
        new(0, null, 0, ActivationCause.None, "Nothing was decided yet.", DateTimeOffset.UnixEpoch);
}
