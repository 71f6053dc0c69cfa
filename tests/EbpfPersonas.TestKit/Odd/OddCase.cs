using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.TestKit.Odd;

/// <summary>
/// Something odd that a network sends, as whole frames. The filter has a persona that allows everything but
/// <see cref="OddCases.DeniedPort"/>, so what is dropped is dropped for what it is.
/// </summary>
public sealed record OddCase
{
    /// <summary>A sentence.</summary>
    public required string Name { get; init; }

    public required Direction Direction { get; init; }

    /// <summary>Sent in order; the last is dropped, those before it pass. Empty: nothing of it is dropped.</summary>
    public required IReadOnlyList<byte[]> Bad { get; init; }

    /// <summary>Why the last of <see cref="Bad"/> is dropped.</summary>
    public Reason Reason { get; init; }

    /// <summary>The same made right: sent in order, all pass.</summary>
    public required IReadOnlyList<byte[]> Good { get; init; }

    /// <summary>What is said of the last of <see cref="Good"/>.</summary>
    public Reason Passes { get; init; } = Reason.DefaultAllow;

    public override string ToString() => Name;
}
