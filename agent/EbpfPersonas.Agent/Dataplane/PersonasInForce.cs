using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane.Stages;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>
/// Which of the resident personas is in force: the floor, or a staged one that the kernel puts before it. Members are
/// called under <paramref name="gate"/>.
/// </summary>
internal sealed class PersonasInForce(
    BpfObject filter, PersonaSlots slots, CounterReader counters, Lock gate, GracePeriod grace,
    DataplaneOptions options) : IDisposable
{
    private readonly ActiveWord _active = new(filter.Map("active"));
    private ResidentPersona? _floor;
    private StagedPersonas? _staged;

    // Staged by an earlier agent, until the first arrangement of this one.
    private readonly List<ResidentPersona> _adopted = [];

    /// <summary>The personas that lie in the maps.</summary>
    public ResidentPersonas Residents { get; } = new(
        gate, grace, slots, counters, new KernelJudge(filter), options.Compiler);

    /// <summary>The word that says which is in force.</summary>
    public ActiveWord Active => _active;

    /// <summary>What the kernel puts in force by itself; null without <see cref="UseStages"/>.</summary>
    public KernelStages? Stages { get; private set; }

    /// <summary>The generation that was arranged last.</summary>
    public ulong Generation { get; private set; }

    /// <summary>The persona in force, or null.</summary>
    public ResidentPersona? Current => Residents.In(_active.Read().Slot);

    /// <summary>As the active word says it.</summary>
    public RealisedState Realised
    {
        get
        {
            var (epoch, slot) = _active.Read();
            var current = Residents.In(slot);
            return new RealisedState(Generation, epoch, current?.Name, current?.Revision ?? 0);
        }
    }

    /// <summary>From now on the kernel switches by itself, by the programs of <paramref name="process"/>.</summary>
    public KernelStages UseStages(BpfObject process)
    {
        Stages = new KernelStages(process, grace);
        _staged = new StagedPersonas(Stages, slots, Residents);
        if (_adopted.Count == 0)
        {
            Stages.Publish(new StageTable { FloorSlot = _active.Read().Slot });
        }

        return Stages;
    }

    /// <summary>
    /// Makes all of <paramref name="arrangement"/> resident and then in force what is to be. Before that
    /// <paramref name="takeOver"/>, if there is one, puts the floor in the place of what other programs enforce. Throws
    /// <see cref="ApplyException"/>, and then everything is as it was.
    /// </summary>
    public void Arrange(Arrangement arrangement, Action<ResidentPersona?>? takeOver)
    {
        if (_staged is null && !arrangement.Staged.IsEmpty)
        {
            throw new InvalidOperationException("Without stages nothing can be staged.");
        }

        var (before, generation) = (_floor, arrangement.Generation);
        var fresh = ApplyException.Guard(() => _staged?.Publish(arrangement.Staged, generation)) ?? [];
        ResidentPersona? floor;
        try
        {
            floor = arrangement.Floor is { } persona
                ? ApplyException.Guard(() => Residents.Publish(persona, Residents.Compile(persona), generation))
                : null;
        }
        catch
        {
            _staged?.Discard(fresh);
            throw;
        }

        if (takeOver is not null)
        {
            takeOver(floor);
        }
        else if (_staged is null)
        {
            PutInForce(floor, generation);
        }

        _staged?.PutInForce(arrangement, Mark(floor, generation), fresh);
        (_floor, Generation) = (floor, generation);
        if (before is not null)
        {
            Residents.Retire(before);
        }

        _adopted.ForEach(Residents.Retire);
        _adopted.Clear();
    }

    /// <summary>The staged personas are candidates at other times.</summary>
    public void Arm(Arming arming) => _staged!.Arm(arming);

    /// <summary>One switch; the generation is in the slot, so that it comes with it.</summary>
    public void PutInForce(ResidentPersona? resident, ulong generation)
    {
        Mark(resident, generation);
        options.BetweenWrites();
        SwitchTo(resident);
        options.BetweenWrites();
        Generation = generation;
    }

    /// <summary>Makes a resident persona (null = none) the floor, and active; gives the new epoch.</summary>
    public uint SwitchTo(ResidentPersona? resident)
    {
        _floor = resident;
        return _active.Switch(resident?.Slot ?? PersonaSlots.NoPersona);
    }

    /// <summary>Goes on with what an earlier agent put in force in these maps; whether there is anything.</summary>
    public bool Adopt(IReadOnlyList<Persona> known, uint epochElsewhere)
    {
        var (epoch, slot) = _active.Read();
        Generation = slots.Generation(slot);
        if (slot != PersonaSlots.NoPersona)
        {
            _floor = Residents.Adopt(slot, known);
        }

        foreach (var waiting in StagedPersonas.SlotsIn(filter).Where(other => Residents.In(other) is null))
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
        Stages?.Dispose();
        _active.Dispose();
    }

    /// <summary>Says in a slot which generation wants it there. Gives the slot.</summary>
    private uint Mark(ResidentPersona? resident, ulong generation)
    {
        var slot = resident?.Slot ?? PersonaSlots.NoPersona;
        slots.SetGeneration(slot, generation);
        return slot;
    }
}
