using System.Collections.Immutable;
using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Store;

/// <summary>Everything durable about one VM.</summary>
internal sealed record StoredVm
{
    public required VmKey Key { get; init; }

    public required DateTimeOffset FirstSeen { get; init; }

    public required DateTimeOffset LastContact { get; init; }

    public string AgentVersion { get; init; } = "";

    public string KernelRelease { get; init; } = "";

    public string BootId { get; init; } = "";

    public ImmutableArray<string> Capabilities { get; init; } = [];

    /// <summary>Personas that may become active, in the client's order.</summary>
    public ImmutableArray<string> Bindings { get; init; } = [];

    public string? Default { get; init; }

    /// <summary>
    /// What is remembered of the bound personas, by name; one that is absent is idle. Times are those of
    /// <see cref="Activation.SteadyClock"/>.
    /// </summary>
    public ImmutableDictionary<string, BindingMemory> Memory { get; init; } =
        ImmutableDictionary<string, BindingMemory>.Empty;

    public ManualPin? Pin { get; init; }

    public string? PinReason { get; init; }

    /// <summary>The generation counter: the highest number ever given for this VM.</summary>
    public DesiredState Desired { get; init; } = DesiredState.Initial;

    public RealisedState? Realised { get; init; }

    /// <summary>What the VM put in force by itself last; null where what was decided came after it.</summary>
    public OwnSwitch? OwnSwitch { get; init; }

    /// <summary>
    /// The newest epoch that the history accounts for, by a line of the VM's own or by the generation that came into
    /// force with it; 0 before the first.
    /// </summary>
    public long ReportedEpoch { get; init; }

    /// <summary>The last NACK, until a later generation is realised.</summary>
    public ApplyFailure? Failure { get; init; }

    /// <summary>What the VM left again, as it said last; the newest last.</summary>
    public ImmutableArray<Rollback> Rollbacks { get; init; } = [];

    /// <summary>Whether the VM does not put this revision in force any more.</summary>
    public bool IsQuarantined(string persona, long revision) => Rollbacks.Any(
        one => one.IsQuarantined && one.Persona == persona && one.Revision == revision);

    /// <summary>Whether its agent carries out triggers by itself.</summary>
    public bool ActivatesItself => Capabilities.Contains("activation:kernel");

    /// <summary>The personas that may be decided for: bound, default and pinned.</summary>
    public IReadOnlySet<string> References() =>
        Bindings.Concat(new[] { Default, Pin?.Persona }.OfType<string>()).ToHashSet(StringComparer.Ordinal);
}
