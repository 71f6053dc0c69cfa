using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane.Residents;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Dataplane.Stages;

/// <summary>
/// The personas that wait in their slots, and the table by which the kernel chooses. Not for several threads at once.
/// </summary>
internal sealed class StagedPersonas(KernelStages stages, PersonaSlots slots, ResidentPersonas residents)
{
    private Dictionary<Persona, ResidentPersona> _waiting = new(ReferenceEqualityComparer.Instance);
    private Arrangement _arrangement = new() { Generation = 0 };

    /// <summary>
    /// Makes <paramref name="staged"/> resident; gives those that were not. Where it throws, nothing was taken.
    /// </summary>
    public Dictionary<Persona, ResidentPersona> Publish(IEnumerable<StagedPersona> staged, ulong generation)
    {
        var fresh = new Dictionary<Persona, ResidentPersona>(ReferenceEqualityComparer.Instance);
        try
        {
            foreach (var persona in staged.Select(one => one.Persona).Where(one => !_waiting.ContainsKey(one)))
            {
                fresh.Add(persona, residents.Publish(persona, residents.Compile(persona), generation));
            }

            return fresh;
        }
        catch
        {
            Discard(fresh);
            throw;
        }
    }

    /// <summary>Undoes <see cref="Publish"/>.</summary>
    public void Discard(Dictionary<Persona, ResidentPersona> fresh)
    {
        foreach (var resident in fresh.Values)
        {
            residents.Discard(resident);
        }
    }

    /// <summary>
    /// The kernel decides by <paramref name="arrangement"/> from now on, over <paramref name="floor"/>; what waits no
    /// more retires.
    /// </summary>
    public void PutInForce(
        Arrangement arrangement, uint floor, Dictionary<Persona, ResidentPersona> fresh)
    {
        var before = _waiting;
        _waiting = new Dictionary<Persona, ResidentPersona>(ReferenceEqualityComparer.Instance);
        foreach (var staged in arrangement.Staged)
        {
            _waiting[staged.Persona] =
                fresh.GetValueOrDefault(staged.Persona) ?? before[staged.Persona];
            slots.SetGeneration(_waiting[staged.Persona].Slot, arrangement.Generation);
        }

        _arrangement = arrangement;
        stages.Publish(Table(floor));
        foreach (var (persona, resident) in before)
        {
            if (!_waiting.ContainsKey(persona))
            {
                residents.Retire(resident);
            }
        }
    }

    /// <summary>The slots that an earlier agent's table in <paramref name="filter"/> names.</summary>
    public static IReadOnlySet<uint> SlotsIn(BpfObject filter)
    {
        var table = TableIn(filter);
        var slots = new HashSet<uint>();
        for (var i = 0; i < table.StageCount; i++)
        {
            slots.Add(table.Stage[i].Slot);
        }

        slots.Add(table.FloorSlot);
        slots.Remove(PersonaSlots.NoPersona);
        return slots;
    }

    /// <summary>The slot that is in force by that table while no stage is a candidate.</summary>
    public static uint FloorIn(BpfObject filter) => TableIn(filter).FloorSlot;

    /// <summary>The same personas, candidates at other times.</summary>
    public void Arm(Arming arming)
    {
        _arrangement = _arrangement with { Arming = arming };
        stages.Publish(Table(stages.Table.FloorSlot));
    }

    private static StageTable TableIn(BpfObject filter)
    {
        using var inUse = filter.Map("stages_in_use").MapMemory();
        using var tables = filter.Map("stages").MapMemory();
        return tables.Values<StageTable>()[(int)inUse.Values<ulong>()[0]];
    }

    private StageTable Table(uint floor)
    {
        var table = new StageTable
        {
            Armed = _arrangement.Arming.Armed,
            Latching = _arrangement.Arming.Latching,
            FloorSlot = floor,
        };
        foreach (var staged in _arrangement.Staged.Take(_arrangement.FloorRank))
        {
            foreach (var condition in staged.Conditions)
            {
                table.Stage[(int)table.StageCount++] = new Stage
                {
                    Condition = (uint)condition,
                    Slot = _waiting[staged.Persona].Slot,
                };
            }
        }

        return table;
    }
}
