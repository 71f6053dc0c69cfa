using System.Collections.Immutable;

namespace EbpfPersonas.Personas.Activation;

/// <summary>A step of a lifecycle: what there is to remember, and the deadlines that passed, in order.</summary>
public sealed record LifecycleStep(BindingMemory Memory, ImmutableArray<(TimeSpan At, DeadlineKind Kind)> Passed);
