using System.Collections.Immutable;

namespace EbpfPersonas.Personas.Activation;

/// <summary>What the activation function says of a situation at a moment.</summary>
public sealed record Answer
{
    /// <summary>The persona to be active, and why.</summary>
    public required Decision Decision { get; init; }

    /// <summary>
    /// The strongest persona in audit mode that is wanted, to be evaluated beside the active one; null where none is.
    /// </summary>
    public string? Shadow { get; init; }

    /// <summary>The activation by hand, unless it expired.</summary>
    public required ManualPin? Pin { get; init; }

    /// <summary>What to remember until the next time; the same object where nothing changed.</summary>
    public required ImmutableDictionary<string, BindingMemory> Memory { get; init; }

    /// <summary>
    /// The earliest deadline: as long as nothing happens and nobody sets the clock, the decision stays as it is until
    /// then. Null where it stays for ever.
    /// </summary>
    public required Deadline? Next { get; init; }

    /// <summary>The deadlines that passed since the last time, in order.</summary>
    public required ImmutableArray<Deadline> Passed { get; init; }
}
