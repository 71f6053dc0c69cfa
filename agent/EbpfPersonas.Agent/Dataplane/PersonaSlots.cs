using System.Globalization;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Compile;
using EbpfPersonas.Bpf;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>
/// The room in the maps: writes a compiled persona beside the ones that are there, and takes its room back when no
/// program can see it any more. Nothing is edited in place. Not for several threads at once.
/// </summary>
public sealed class PersonaSlots : IDisposable
{
    /// <summary>The slot of "no persona".</summary>
    public const uint NoPersona = 0;

    private readonly BpfMap _ruleCounters;
    private readonly BpfMap _slotCounters;
    private readonly MemoryMap _slots;
    private readonly MemoryMap _entries;
    private readonly RangeAllocator _freeEntries;
    private readonly RangeAllocator _freeCounters;
    private readonly RangeAllocator _freeSlots;

    /// <summary>Maps the filter's maps; slot 0 becomes "no persona".</summary>
    public PersonaSlots(BpfObject filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        _ruleCounters = filter.Map("rule_counters");
        _slotCounters = filter.Map("slot_counters");
        _slots = filter.Map("slots").MapMemory();
        _entries = filter.Map("rule_entries").MapMemory();
        _freeEntries = new RangeAllocator(filter.Map("rule_entries").MaxEntries);
        _freeCounters = new RangeAllocator(_ruleCounters.MaxEntries);
        _freeSlots = new RangeAllocator(filter.Map("slots").MaxEntries);
        _freeSlots.TryAllocate(1, out _);
        _slots.Values<Slot>()[(int)NoPersona] = new Slot
        {
            Flags = SlotFlags.NoPersona,
            DefaultAction = ByDirection([RuleAction.Allow, RuleAction.Allow]),
        };
    }

    /// <summary>Share of each arena that is in use, 0-1, by map name.</summary>
    public IReadOnlyDictionary<string, double> Utilization => new Dictionary<string, double>
    {
        ["slots"] = Share(_freeSlots),
        ["rule_entries"] = Share(_freeEntries),
        ["rule_counters"] = Share(_freeCounters),
    };

    /// <summary>
    /// Writes <paramref name="compiled"/> into free room; null where there is not enough, and then nothing is taken.
    /// </summary>
    public ResidentPersona? TryPublish(CompiledPersona compiled, ulong revision, ulong generation)
    {
        ArgumentNullException.ThrowIfNull(compiled);
        var entryCount = (uint)compiled.EntryCount;
        var ruleCount = (uint)compiled.RuleIds.Length;
        if (!_freeSlots.TryAllocate(1, out var slot))
        {
            return null;
        }

        if (!_freeEntries.TryAllocate(entryCount, out var entryStart))
        {
            _freeSlots.Free(slot, 1);
            return null;
        }

        if (!_freeCounters.TryAllocate(ruleCount, out var counterStart))
        {
            _freeEntries.Free(entryStart, entryCount);
            _freeSlots.Free(slot, 1);
            return null;
        }

        var resident = new ResidentPersona
        {
            Slot = slot,
            Revision = revision,
            Compiled = compiled,
            EntryStart = entryStart,
            CounterStart = counterStart,
        };
        try
        {
            ClearCounters(resident);
        }
        catch
        {
            Free(resident);
            throw;
        }

        Write(resident, generation);
        return resident;
    }

    /// <summary>Why <see cref="TryPublish"/> found no room, in words.</summary>
    public string Shortage(CompiledPersona compiled)
    {
        ArgumentNullException.ThrowIfNull(compiled);
        return _freeSlots.LargestGap == 0
            ? string.Create(CultureInfo.InvariantCulture, $"All {_freeSlots.Capacity} slots are in use.")
            : _freeEntries.LargestGap < compiled.EntryCount
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"Persona {compiled.Name} needs {compiled.EntryCount} entries in a row; "
                + $"{_freeEntries.LargestGap} are free.")
            : string.Create(
                CultureInfo.InvariantCulture,
                $"Persona {compiled.Name} needs {compiled.RuleIds.Length} rule counters in a row; "
                + $"{_freeCounters.LargestGap} are free.");
    }

    private void ClearCounters(ResidentPersona resident)
    {
        _slotCounters.ClearPerCpu(resident.Slot);
        for (var number = 0u; number < resident.Compiled.RuleIds.Length; number++)
        {
            _ruleCounters.ClearPerCpu(resident.CounterStart + number);
        }
    }

    private void Write(ResidentPersona resident, ulong generation)
    {
        var compiled = resident.Compiled;
        var runs = default(RuleRuns);
        var start = resident.EntryStart;
        for (var run = 0; run < compiled.Runs.Length; run++)
        {
            compiled.Runs[run].AsSpan().CopyTo(_entries.Values<RuleEntry>()[(int)start..]);
            runs[run] = new RuleRun { Start = start, Count = (uint)compiled.Runs[run].Length };
            start += runs[run].Count;
        }

        _slots.Values<Slot>()[(int)resident.Slot] = new Slot
        {
            Generation = generation,
            Flags = compiled.Flags,
            RuleCounterBase = resident.CounterStart,
            DefaultAction = ByDirection([.. compiled.DefaultAction]),
            Run = runs,
        };
    }

    /// <summary>Gives the room back. The persona is not active, and a grace period has passed since it was.</summary>
    public void Free(ResidentPersona resident)
    {
        ArgumentNullException.ThrowIfNull(resident);
        _freeCounters.Free(resident.CounterStart, (uint)resident.Compiled.RuleIds.Length);
        _freeEntries.Free(resident.EntryStart, (uint)resident.Compiled.EntryCount);
        _freeSlots.Free(resident.Slot, 1);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _entries.Dispose();
        _slots.Dispose();
    }

    private static ActionByDirection ByDirection(ReadOnlySpan<RuleAction> actions)
    {
        var words = default(ActionByDirection);
        words[(int)PacketDirection.Ingress] = (uint)actions[(int)PacketDirection.Ingress];
        words[(int)PacketDirection.Egress] = (uint)actions[(int)PacketDirection.Egress];
        return words;
    }

    private static double Share(RangeAllocator arena) => (double)arena.Used / arena.Capacity;
}
