using System.Collections.Immutable;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Stages;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Activation.Triggers;
using EbpfPersonas.Personas.Model;
using Staged = EbpfPersonas.Personas.Activation.Stages.StagedPersona;

namespace EbpfPersonas.Agent.Activation;

/// <summary>
/// Lives the lives of the staged personas: asks the activation function with what the kernel counts and the clock, and
/// compiles its answer into what the kernel decides by. What the trigger alone says the kernel needs nobody for. Safe
/// for several threads.
/// </summary>
internal sealed class StagedActivation : IDataplane
{
    private readonly Lock _gate = new();
    private readonly PersonaDataplane _dataplane;
    private readonly ConditionWatch _watch;
    private readonly AwaitedConditions _awaited;
    private readonly Func<Moment> _now;
    private readonly LivesFile? _file;
    private ImmutableArray<StagedBinding> _staged = [];
    private ImmutableDictionary<string, BindingMemory> _memory = ImmutableDictionary<string, BindingMemory>.Empty;
    private Arming _arming;
    private IReadOnlySet<PersonaRevision> _barred = ImmutableHashSet<PersonaRevision>.Empty;
    private TimeSpan _looked;
    private TimeSpan? _due;
    private uint _epoch;
    private uint _keptEpoch;
    private bool _mustKeep;

    /// <summary>
    /// <paramref name="now"/> reads the clocks; lives go on as <paramref name="file"/> tells of them, if there is one.
    /// </summary>
    public StagedActivation(PersonaDataplane dataplane, ConditionWatch watch, Func<Moment> now, LivesFile? file = null)
    {
        (_dataplane, _watch, _now, _file) = (dataplane, watch, now, file);
        _awaited = new AwaitedConditions(watch);
        _looked = now().SinceBoot;
        if (file?.Load() is { } kept)
        {
            (_memory, _looked, var epoch) = kept;
            // Epochs begin again with maps that did not outlive their agent.
            _epoch = _keptEpoch = dataplane.Adopted ? epoch : 0;
        }
    }

    /// <summary>Raised, in order, when the VM switched by itself: to what and why.</summary>
    public event Action<SwitchedByItself>? Switched;

    /// <inheritdoc/>
    public RealisedState Realised => _dataplane.Realised;

    private KernelStages Stages => _dataplane.Stages;

    /// <inheritdoc/>
    public RealisedState Apply(ulong generation, Persona? persona, Staging? staging)
    {
        lock (_gate)
        {
            var before = _staged;
            _awaited.MakeRoom(NumbersFor(staging?.Staged ?? [], before));
            var fresh = Number(staging?.Staged ?? [], before);
            try
            {
                var (memory, _) = Advance(fresh, _memory);
                var arming = ArmingOf(fresh, memory);
                _dataplane.Arrange(new Arrangement
                {
                    Generation = generation,
                    Floor = persona,
                    Staged = [.. fresh.Select(one => new Dataplane.Stages.StagedPersona(one.Persona, one.Candidates))],
                    FloorRank = staging?.FloorRank ?? 0,
                    Shadow = staging?.Shadow,
                    Arming = arming,
                });
                (_staged, _memory, _arming) = (fresh, memory, arming);
                Forget(before, fresh);
                Latch();
                Stages.ForgetLeft();
                _awaited.TakeUp();
                Keep();
                _epoch = _dataplane.Realised.Epoch;
                return _dataplane.Realised;
            }
            catch
            {
                Forget(fresh, before);
                throw;
            }
        }
    }

    /// <summary>
    /// Looks at what the kernel counted since, and at the clock: when a condition turned (<paramref name="turn"/>, else
    /// default), and often enough for deadlines. Without a turn, and unless <paramref name="thorough"/>, it is looked
    /// for a switch or a deadline alone, which costs next to nothing.
    /// </summary>
    public void Look(ProcessTurn turn = default, bool thorough = false)
    {
        lock (_gate)
        {
            if (turn.Epoch != 0)
            {
                TellOf(turn);
            }

            // Not with each switch: until then it would only be told of twice.
            _keptEpoch = thorough ? _epoch : _keptEpoch;
            if (_mustKeep || thorough)
            {
                Keep();
            }

            if (turn.Pid == 0 && !thorough && _dataplane.Epoch == _epoch && !(_due <= _now().SinceBoot))
            {
                return;
            }

            if (thorough && _watch.FollowUsers(_staged))
            {
                Stages.Settle();
            }

            var (memory, passed) = Advance(_staged, _memory);
            var arming = ArmingOf(_staged, memory);
            var changed = memory != _memory || arming != _arming;
            (_memory, _arming) = (memory, arming);
            if (changed)
            {
                _dataplane.Arm(arming);
                Latch();
                Keep();
            }

            TellOfOthers(turn, passed);
        }
    }

    /// <summary>
    /// Has the kernel count these conditions too, which nothing here depends on; <see cref="IsAwaited"/> knows them.
    /// </summary>
    public void Await(ImmutableArray<ProcessCondition> conditions)
    {
        lock (_gate)
        {
            _awaited.Replace(conditions);
        }
    }

    /// <summary>Whether a condition of <see cref="Await"/> turned; waits for nobody.</summary>
    public bool IsAwaited(ProcessTurn turn) => _awaited.Turned(turn);

    /// <inheritdoc/>
    public void HoldBack(IReadOnlySet<PersonaRevision> barred)
    {
        lock (_gate)
        {
            _barred = barred;
            if (_staged.IsEmpty)
            {
                // Also before the first arrangement: what an earlier agent staged goes on until then.
                return;
            }

            var before = _dataplane.Realised;
            var leaves = before.Persona is { } name && barred.Contains(new PersonaRevision(name, before.Revision));
            (_memory, var passed) = Advance(_staged, _memory);
            _arming = ArmingOf(_staged, _memory);
            _dataplane.Arm(_arming);
            Latch();
            Keep();
            TellOfOthers(default, passed, rolledBack: leaves ? before.Persona : null);
        }
    }

    /// <inheritdoc/>
    public AttachMode Attach() => _dataplane.Attach();

    /// <inheritdoc/>
    public void Detach() => _dataplane.Detach();

    /// <inheritdoc/>
    public void SetFailsafe(IReadOnlyList<FailsafeFlow> flows) => _dataplane.SetFailsafe(flows);

    /// <summary>Keeps the numbers of what stays, and has the kernel watch for what is new.</summary>
    private ImmutableArray<StagedBinding> Number(
        ImmutableArray<Staged> staged, ImmutableArray<StagedBinding> before)
    {
        var known = before.ToDictionary(one => one.Binding.Persona, StringComparer.Ordinal);
        var numbered = ImmutableArray.CreateBuilder<StagedBinding>();
        try
        {
            foreach (var (binding, persona) in staged)
            {
                var old = known.GetValueOrDefault(binding.Persona);
                numbered.Add(old?.Binding.Trigger == binding.Trigger
                    ? old with { Binding = binding, Persona = persona }
                    : _watch.Begin(binding, persona));
            }

            return numbered.ToImmutable();
        }
        catch
        {
            Forget(numbered.ToImmutable(), before);
            throw;
        }
    }

    /// <summary>How many numbers the new ones take.</summary>
    private static int NumbersFor(ImmutableArray<Staged> staged, ImmutableArray<StagedBinding> before) => staged
        .Where(one => !before.Any(old =>
            old.Binding.Persona == one.Binding.Persona && old.Binding.Trigger == one.Binding.Trigger))
        .Sum(one => KernelTrigger.NumbersOf(one.Binding.Trigger));

    private void Forget(ImmutableArray<StagedBinding> gone, ImmutableArray<StagedBinding> stay)
    {
        var kept = stay.SelectMany(one => one.All).ToHashSet();
        _watch.End(gone.SelectMany(one => one.All).Where(number => !kept.Contains(number)));
    }

    /// <summary>On disk: what the kernel alone does not know of.</summary>
    private void Keep() => _mustKeep = _file?.Keep(
        _memory.RemoveRange(_staged
            .Where(one => KernelTrigger.EndsByItself(one.Binding)).Select(one => one.Binding.Persona)),
        _looked, _keptEpoch) == false;

    /// <summary>
    /// The lives up to now. A condition that held for a while between two looks and does not any more has held: the
    /// activation function sees that time first.
    /// </summary>
    private (ImmutableDictionary<string, BindingMemory> Memory, ImmutableArray<Deadline> Passed) Advance(
        ImmutableArray<StagedBinding> staged, ImmutableDictionary<string, BindingMemory> memory)
    {
        var now = _now();
        var situation = new Situation { Bindings = [.. staged.Select(one => one.Binding)], Memory = memory };
        var passed = ImmutableArray<Deadline>.Empty;
        foreach (var (at, live) in _watch.Read(staged, _looked, now.SinceBoot))
        {
            var moment = new Moment(at, now.WallTimeOf(at));
            var answer = ActivationPolicy.Decide(situation with { Live = live }, moment);
            situation = situation with { Memory = answer.Memory };
            passed = passed.AddRange(answer.Passed);
            _due = answer.Next?.At;
        }

        _looked = now.SinceBoot;
        return (situation.Memory, passed);
    }

    /// <summary>When the kernel may begin a life by itself, and when it may end one.</summary>
    private Arming ArmingOf(
        ImmutableArray<StagedBinding> staged, ImmutableDictionary<string, BindingMemory> memory)
    {
        var arming = default(Arming);
        foreach (var one in staged.Where(one => one.Own is null && !IsBarred(one)))
        {
            var life = memory.GetValueOrDefault(one.Binding.Persona, BindingMemory.Idle);
            if (life.IsCandidate || (life.State == BindingState.Idle && life.CoolsUntil is null))
            {
                arming = arming with { Armed = arming.Armed | one.CandidateMask };
            }

            if (!KernelTrigger.EndsByItself(one.Binding))
            {
                arming = arming with { Latching = arming.Latching | one.CandidateMask };
            }
        }

        return arming;
    }

    /// <summary>Those whose life the kernel does not end by itself are candidates for as long as we say.</summary>
    private void Latch()
    {
        var (wanted, unwanted) = (0UL, 0UL);
        foreach (var one in _staged.Where(one => !KernelTrigger.EndsByItself(one.Binding)))
        {
            if (_memory.GetValueOrDefault(one.Binding.Persona, BindingMemory.Idle).IsCandidate && !IsBarred(one))
            {
                wanted |= one.CandidateMask;
            }
            else
            {
                unwanted |= one.CandidateMask;
            }
        }

        Stages.Latch(wanted);
        Stages.Unlatch(unwanted);
        Stages.Settle();
    }

    private bool IsBarred(StagedBinding one) =>
        _barred.Contains(new PersonaRevision(one.Persona.Name, one.Persona.Revision));

    /// <summary>A switch that the kernel made, and told of.</summary>
    private void TellOf(in ProcessTurn turn)
    {
        if ((int)(turn.Epoch - _epoch) > 0)
        {
            _epoch = turn.Epoch;
            Switched?.Invoke(new SwitchedByItself(
                _dataplane.InSlot(turn.Slot) with { Epoch = turn.Epoch }, CauseOf(turn), turn.Pid, TimeOf(turn)));
        }
    }

    /// <summary>A switch that we made, or of which nothing was heard.</summary>
    private void TellOfOthers(in ProcessTurn turn, ImmutableArray<Deadline> passed, string? rolledBack = null)
    {
        var realised = _dataplane.Realised;
        if (realised.Epoch == _epoch)
        {
            return;
        }

        _epoch = realised.Epoch;
        var cause = rolledBack is not null ? SwitchCause.Rollback
            : turn.Pid != 0 ? CauseOf(turn)
            : passed is [.., var last] ? CauseOf(last.Kind)
            : _dataplane.IsStaged ? SwitchCause.TriggerBegan
            : SwitchCause.TriggerEnded;
        Switched?.Invoke(new SwitchedByItself(realised, cause, turn.Pid == 0 ? null : turn.Pid, _now().Wall)
        {
            RolledBack = rolledBack,
        });
    }

    private static SwitchCause CauseOf(in ProcessTurn turn) =>
        turn.Began != 0 ? SwitchCause.TriggerBegan : SwitchCause.TriggerEnded;

    /// <summary>CLOCK_MONOTONIC, which <see cref="TimeProvider.GetTimestamp"/> reads too, as time of day.</summary>
    private DateTimeOffset TimeOf(in ProcessTurn turn) =>
        _now().Wall - TimeSpan.FromTicks((TimeProvider.System.GetTimestamp() - (long)turn.TimeNs) / 100);

    private static SwitchCause CauseOf(DeadlineKind kind) => kind switch
    {
        DeadlineKind.Linger => SwitchCause.Linger,
        DeadlineKind.Ttl => SwitchCause.Ttl,
        DeadlineKind.Cooldown => SwitchCause.Cooldown,
        _ => SwitchCause.Schedule,
    };
}
