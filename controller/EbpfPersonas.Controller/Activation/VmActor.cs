using System.Collections.Immutable;
using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Activation;

/// <summary>
/// The holder of one VM's current state. Everything but <see cref="Activity"/> is changed only by whoever holds
/// <see cref="Gate"/>; <see cref="Vm"/> is an immutable record and may be read at any time.
/// </summary>
internal sealed class VmActor(StoredVm vm) : IDisposable
{
    private readonly HashSet<string> _breakGlass = new(StringComparer.Ordinal);
    private volatile StoredVm _vm = vm;

    public SemaphoreSlim Gate { get; } = new(1, 1);

    public StoredVm Vm
    {
        get => _vm;
        set => _vm = value;
    }

    public ProcessTable Processes { get; } = new();

    public ActivityLog Activity { get; } = new();

    /// <summary>The personas that the VM refers to, at their newest revision.</summary>
    public ImmutableDictionary<string, LivePersona> Personas { get; set; } =
        ImmutableDictionary<string, LivePersona>.Empty;

    /// <summary>The time of the last contact that the store knows.</summary>
    public DateTimeOffset ContactSaved { get; set; } = vm.LastContact;

    /// <summary>What the agent's present stream said last; an agent says it again on every stream.</summary>
    public ImmutableArray<AgentCondition> Conditions { get; set; } = [];

    /// <summary>The stream whose reports count; 0 before the first.</summary>
    public long Stream { get; set; }

    /// <summary>
    /// Whether the processes are known: not from the controller's start until the VM's first snapshot.
    /// </summary>
    public bool ProcessesKnown { get; set; }

    /// <summary>The highest generation that the agent says it knows; a new one must be above it.</summary>
    public long GenerationFloor { get; set; }

    /// <summary>
    /// The generation that waits for the agent's answer and the time stamp of what caused it, or null.
    /// </summary>
    public (long Generation, long Timestamp, string Cause)? Unanswered { get; set; }

    /// <summary>Whether the VM was deleted; whoever waited for the gate meanwhile must not bring it back.</summary>
    public bool IsForgotten { get; set; }

    /// <summary>When the decision may change although nothing happens, as of the last decision.</summary>
    public Deadline? Next { get; set; }

    /// <summary>Whether the change that is under way has decided; the timer is set when it is stored.</summary>
    public bool Decided { get; set; }

    /// <summary>Decides again at <see cref="Next"/>.</summary>
    public ITimer? Timer { get; set; }

    /// <summary>
    /// Whether this use of break glass is new; an agent says it again until it knows that it was heard.
    /// </summary>
    public bool RememberBreakGlass(string id)
    {
        if (_breakGlass.Count >= ActivityLog.Max)
        {
            _breakGlass.Clear();
        }

        return _breakGlass.Add(id);
    }

    public void Dispose()
    {
        Timer?.Dispose();
        Gate.Dispose();
    }
}
