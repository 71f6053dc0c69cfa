using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Agent.Dataplane.Residents;
using EbpfPersonas.Agent.Dataplane.Stages;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>
/// Which of the resident personas is in force: the floor, or a staged one that the kernel puts before it. Members are
/// called under the gate that it is given.
/// </summary>
internal sealed class PersonasInForce : IDisposable
{
    private readonly BpfObject _filter;
    private readonly PersonaSlots _slots;
    private readonly ActiveWord _active;
    private readonly StagedPersonas _staged;
    private readonly ShadowPersona _shadow;

    // Staged by an earlier agent, until the first arrangement of this one.
    private readonly List<ResidentPersona> _adopted = [];
    private ResidentPersona? _floor;

    /// <summary>Takes the maps of <paramref name="filter"/>; what it is given is borrowed.</summary>
    public PersonasInForce(
        BpfObject filter, PersonaSlots slots, CounterReader counters, Lock gate, GracePeriod grace,
        DataplaneOptions options)
    {
        (_filter, _slots) = (filter, slots);
        _active = new ActiveWord(filter.Map("active"));
        Residents = new ResidentPersonas(gate, grace, slots, counters, new KernelJudge(filter), options.Compiler);
        Stages = new KernelStages(filter, grace, options.BetweenWrites);
        _staged = new StagedPersonas(Stages, slots, Residents);
        _shadow = new ShadowPersona(filter.Map("shadow"), Residents);
    }

    /// <summary>The personas that lie in the maps.</summary>
    public ResidentPersonas Residents { get; }

    /// <summary>The word that says which is in force.</summary>
    public ActiveWord Active => _active;

    /// <summary>What the kernel puts in force by itself.</summary>
    public KernelStages Stages { get; }

    /// <summary>The generation that was arranged last.</summary>
    public ulong Generation { get; private set; }

    /// <summary>The persona in force, or null.</summary>
    public ResidentPersona? Current => Residents.In(_active.Read().Slot);

    /// <summary>Whether the kernel put what is in force before the floor.</summary>
    public bool IsStaged => _active.Read().Slot != StagedPersonas.FloorIn(_filter);

    /// <summary>As the active word says it.</summary>
    public RealisedState Realised
    {
        get
        {
            var (epoch, slot) = _active.Read();
            return InSlot(slot) with { Epoch = epoch };
        }
    }

    /// <summary>What is in a slot, as if it were in force.</summary>
    public RealisedState InSlot(uint slot)
    {
        var resident = Residents.In(slot);
        return new RealisedState(Generation, 0, resident?.Name, resident?.Revision ?? 0);
    }

    /// <summary>
    /// Makes all of <paramref name="arrangement"/> resident and then in force what is to be. Before that
    /// <paramref name="takeOver"/>, if there is one, puts the floor in the place of what other programs enforce. Throws
    /// <see cref="ApplyException"/>, and then everything is as it was.
    /// </summary>
    public void Arrange(Arrangement arrangement, Action<ResidentPersona?>? takeOver)
    {
        var (before, generation) = (_floor, arrangement.Generation);
        var fresh = ApplyException.Guard(() => _staged.Publish(arrangement.Staged, generation));
        ResidentPersona? floor, shadow = null;
        try
        {
            shadow = ApplyException.Guard(() => _shadow.Publish(arrangement.Shadow, generation));
            floor = arrangement.Floor is { } persona
                ? ApplyException.Guard(() => Residents.Publish(persona, Residents.Compile(persona), generation))
                : null;
        }
        catch
        {
            _shadow.Discard(shadow);
            _staged.Discard(fresh);
            throw;
        }

        takeOver?.Invoke(floor);
        var epoch = _active.Read().Epoch;
        PutInForce(arrangement, floor, fresh);
        if (_shadow.Evaluate(arrangement.Shadow, shadow) && shadow is not null && _active.Read().Epoch == epoch)
        {
            // Flows that go on are judged again, so that the shadow sees them too.
            _active.BeginEpoch();
        }

        if (before is not null)
        {
            Residents.Retire(before);
        }

        _adopted.ForEach(Residents.Retire);
        _adopted.Clear();
    }

    /// <summary>The staged personas are candidates at other times.</summary>
    public void Arm(Arming arming) => _staged.Arm(arming);

    /// <summary>Puts a resident persona (null = none) in force, and nothing else.</summary>
    public void PutInForce(ResidentPersona? resident, ulong generation) =>
        PutInForce(new Arrangement { Generation = generation }, resident, []);

    /// <summary>
    /// Makes a resident persona (null = none) active and gives the new epoch; for a filter in which nothing is staged.
    /// </summary>
    public uint SwitchTo(ResidentPersona? resident)
    {
        _floor = resident;
        return _active.Switch(resident?.Slot ?? PersonaSlots.NoPersona);
    }

    /// <summary>Goes on with what an earlier agent put in force in these maps; whether there is anything.</summary>
    public bool Adopt(IReadOnlyList<Persona> known, uint epochElsewhere)
    {
        var (epoch, slot) = _active.Read();
        Generation = _slots.Generation(slot);
        _shadow.Forget();
        if (slot != PersonaSlots.NoPersona)
        {
            _floor = Residents.Adopt(slot, known);
        }

        foreach (var waiting in StagedPersonas.SlotsIn(_filter).Where(other => Residents.In(other) is null))
        {
            _adopted.Add(Residents.Adopt(waiting, known));
        }

        if ((int)(epochElsewhere - epoch) > 0)
        {
            _active.Switch(slot, epochElsewhere);
        }

        return epoch != 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stages.Dispose();
        _shadow.Dispose();
        _active.Dispose();
    }

    /// <summary>
    /// One switch, of the kernel's as of ours; the generation is in the slot, so that it comes with it.
    /// </summary>
    private void PutInForce(
        Arrangement arrangement, ResidentPersona? floor, Dictionary<Persona, ResidentPersona> fresh)
    {
        var slot = floor?.Slot ?? PersonaSlots.NoPersona;
        _slots.SetGeneration(slot, arrangement.Generation);
        var before = _active.Read();
        _staged.PutInForce(arrangement, slot, fresh);
        if (slot == PersonaSlots.NoPersona && _active.Read() == before && before.Slot == slot)
        {
            // Nothing follows on nothing: for the kernel no switch, but it was decided.
            _active.Switch(slot);
        }

        (_floor, Generation) = (floor, arrangement.Generation);
    }
}
