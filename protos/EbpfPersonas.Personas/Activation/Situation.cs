using System.Collections.Immutable;
using EbpfPersonas.Personas.Activation.Triggers;

namespace EbpfPersonas.Personas.Activation;

/// <summary>Everything that decides which persona is active on one VM.</summary>
public sealed record Situation
{
    /// <summary>The personas that are bound to the VM, each once; their order does not matter.</summary>
    public ImmutableArray<Binding> Bindings { get; init; } = [];

    /// <summary>The activation by hand, if there is one.</summary>
    public ManualPin? Pin { get; init; }

    /// <summary>
    /// Personas that are not put in force, whatever asks for them. Their lives go on, and a pin stays where it is.
    /// </summary>
    public ImmutableHashSet<string> Barred { get; init; } = [];

    /// <summary>The VM's default persona, if it has one.</summary>
    public string? Default { get; init; }

    /// <summary>
    /// Those of the personas, bound, pinned or default, that are in audit mode: they are never active, and the
    /// strongest that is wanted is the shadow.
    /// </summary>
    public IReadOnlySet<string> Audited { get; init; } = ImmutableHashSet<string>.Empty;

    /// <summary>
    /// The conditions of which a process lives; null where that is not known, and what was live counts as live.
    /// </summary>
    public IReadOnlySet<ProcessCondition>? Live { get; init; } = ImmutableHashSet<ProcessCondition>.Empty;

    /// <summary>
    /// Whether the answer may change when somebody sets the clock on the wall: then one has to look now and then.
    /// </summary>
    public bool DependsOnWallClock =>
        Pin?.Expires is not null || Bindings.Any(binding => binding.Trigger.Windows.Any());

    /// <summary>Whether the persona may be put in force.</summary>
    public bool Admits(string persona) => !Barred.Contains(persona);

    /// <summary>What is remembered of the bound personas, by name; one that is absent is idle.</summary>
    public ImmutableDictionary<string, BindingMemory> Memory { get; init; } =
        ImmutableDictionary<string, BindingMemory>.Empty;
}
