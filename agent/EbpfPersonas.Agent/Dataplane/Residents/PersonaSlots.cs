using System.Globalization;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Agent.Dataplane.Counters;
using EbpfPersonas.Agent.Dataplane.Pins;
using EbpfPersonas.Bpf;
using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Compile.Layout;
using EbpfPersonas.Personas.Model;
using RuleAction = EbpfPersonas.Personas.Model.RuleAction;

namespace EbpfPersonas.Agent.Dataplane.Residents;

/// <summary>
/// The room in the maps: writes a compiled persona beside the ones that are there, and takes its room back when no
/// program can see it any more. Nothing is edited in place. Not for several threads at once.
/// </summary>
public sealed class PersonaSlots : IDisposable
{
    /// <summary>The slot of "no persona".</summary>
    public const uint NoPersona = 0;

    /// <summary>Lines that it takes beside those of personas.</summary>
    public const int NoPersonaLines = 2;

    private readonly RuleCounters _ruleCounters;
    private readonly Action _betweenWrites;
    private readonly BpfMap _slotCounters;
    private readonly BpfMap _shadowCounters;
    private readonly BpfMap _residents;
    private readonly MemoryMap _slots;
    private readonly MemoryMap _lines;
    private readonly RangeAllocator _freeLines;
    private readonly RangeAllocator _freeCounters;
    private readonly RangeAllocator _freeSlots;

    /// <summary>
    /// Maps the filter's maps; slot 0 becomes "no persona" unless an earlier agent has <paramref name="written"/> it.
    /// <paramref name="ruleCounters"/> is borrowed; <paramref name="betweenWrites"/> is called between two writes.
    /// </summary>
    public PersonaSlots(BpfObject filter, RuleCounters ruleCounters, bool written, Action betweenWrites)
    {
        ArgumentNullException.ThrowIfNull(filter);
        _ruleCounters = ruleCounters;
        _betweenWrites = betweenWrites;
        _slotCounters = filter.Map("slot_counters");
        _shadowCounters = filter.Map("shadow_counters");
        _residents = filter.Map("residents");
        _slots = filter.Map("slots").MapMemory();
        _lines = filter.Map("policy_lines").MapMemory();
        _freeLines = new RangeAllocator(filter.Map("policy_lines").MaxEntries);
        _freeCounters = new RangeAllocator(_ruleCounters.Capacity);
        _freeSlots = new RangeAllocator(filter.Map("slots").MaxEntries);
        _freeSlots.TryAllocate(1, out _);

        // All zero for ever: the class that holds no rule, at which every lookup of slot 0 ends.
        _freeLines.TryAllocate(NoPersonaLines, out _);
        if (written)
        {
            return;
        }

        var roots = default(RootReferences);
        ((Span<uint>)roots).Fill((uint)Reference.Class);
        _slots.Values<Slot>()[(int)NoPersona] = new Slot
        {
            Flags = SlotFlags.NoPersona,
            DefaultAction = ByDirection(RuleAction.Allow, RuleAction.Allow),
            Root = roots,
        };
    }

    /// <summary>Lines for all personas together.</summary>
    public int LineCapacity => (int)(_freeLines.Capacity - NoPersonaLines);

    /// <summary>Share of each arena that is in use, 0-1, by map name.</summary>
    public IReadOnlyDictionary<string, double> Utilization => new Dictionary<string, double>
    {
        ["slots"] = Share(_freeSlots),
        ["policy_lines"] = Share(_freeLines),
        ["rule_counters"] = Share(_freeCounters),
    };

    /// <summary>
    /// Writes <paramref name="compiled"/> into free room; null where there is not enough, and then nothing is taken.
    /// </summary>
    public ResidentPersona? TryPublish(CompiledPersona compiled, ulong revision, ulong generation)
    {
        ArgumentNullException.ThrowIfNull(compiled);
        var lineCount = ResidentPersona.LinesOf(compiled);
        var ruleCount = (uint)compiled.RuleIds.Length;
        if (!_freeSlots.TryAllocate(1, out var slot))
        {
            return null;
        }

        if (!_freeLines.TryAllocate(lineCount, out var lineStart))
        {
            _freeSlots.Free(slot, 1);
            return null;
        }

        if (!_freeCounters.TryAllocate(ruleCount, out var counterStart))
        {
            _freeLines.Free(lineStart, lineCount);
            _freeSlots.Free(slot, 1);
            return null;
        }

        var resident = new ResidentPersona
        {
            Slot = slot,
            Revision = revision,
            Compiled = compiled,
            LineStart = lineStart,
            CounterStart = counterStart,
        };
        try
        {
            ClearCounters(resident);
            Write(resident, generation);
        }
        catch
        {
            Free(resident);
            throw;
        }

        return resident;
    }

    /// <summary>The generation that brought what is in a slot.</summary>
    public ulong Generation(uint slot) => _slots.Values<Slot>()[(int)slot].Generation;

    /// <summary>What is in a slot is wanted by this generation: before it comes into force, or while it is.</summary>
    public void SetGeneration(uint slot, ulong generation) =>
        Volatile.Write(ref _slots.Values<Slot>()[(int)slot].Generation, generation);

    /// <summary>
    /// Takes the room of the persona that an earlier agent wrote into <paramref name="slot"/>, as
    /// <paramref name="recognise"/> makes of what lies there. Throws <see cref="InvalidOperationException"/> where that
    /// makes no sense.
    /// </summary>
    public ResidentPersona Adopt(uint slot, Func<CompiledPersona, ulong, CompiledPersona> recognise)
    {
        ArgumentNullException.ThrowIfNull(recognise);
        _residents.TryLookup(slot, out Resident said);
        ref readonly var written = ref _slots.Values<Slot>()[(int)slot];
        var lines = _lines.Values<PolicyLine>().Slice((int)written.LineBase, (int)said.LineCount).ToArray();
        var name = ResidentName.Read(said.Name);
        var resident = new ResidentPersona
        {
            Slot = slot,
            Revision = said.Revision,
            Compiled = recognise(AdoptedPersona.Read(name, written, lines), said.Revision),
            LineStart = written.LineBase,
            CounterStart = written.RuleCounterBase,
        };
        _freeSlots.Reserve(slot, 1);
        _freeLines.Reserve(resident.LineStart, resident.LineCount);
        _freeCounters.Reserve(resident.CounterStart, written.RuleCount);
        return resident;
    }

    /// <summary>
    /// As <see cref="TryPublish"/>, a second time after <paramref name="makeRoom"/>; throws
    /// <see cref="PersonaTooLargeException"/>.
    /// </summary>
    public ResidentPersona Publish(CompiledPersona compiled, ulong revision, ulong generation, Action makeRoom)
    {
        ArgumentNullException.ThrowIfNull(makeRoom);
        if (TryPublish(compiled, revision, generation) is { } resident)
        {
            return resident;
        }

        makeRoom();
        return TryPublish(compiled, revision, generation) ?? throw new PersonaTooLargeException(Shortage(compiled));
    }

    /// <summary>Why <see cref="TryPublish"/> found no room, in words.</summary>
    private string Shortage(CompiledPersona compiled)
    {
        return _freeSlots.LargestGap == 0
            ? string.Create(CultureInfo.InvariantCulture, $"All {_freeSlots.Capacity} slots are in use.")
            : _freeLines.LargestGap < compiled.Lines.Length
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"Persona {compiled.Name} needs {compiled.Size.Octets} octets of map memory in a row; "
                + $"{(long)_freeLines.LargestGap * CompiledSize.LineOctets} are free.")
            : string.Create(
                CultureInfo.InvariantCulture,
                $"Persona {compiled.Name} needs {compiled.RuleIds.Length} rule counters in a row; "
                + $"{_freeCounters.LargestGap} are free.");
    }

    private void ClearCounters(ResidentPersona resident)
    {
        _slotCounters.ClearPerCpu(resident.Slot);
        _shadowCounters.ClearPerCpu(resident.Slot);
        _betweenWrites();
        _ruleCounters.Clear(resident.CounterStart, (uint)resident.Compiled.RuleIds.Length);
        _betweenWrites();
    }

    private void Write(ResidentPersona resident, ulong generation)
    {
        var compiled = resident.Compiled;
        compiled.Lines.Span.CopyTo(_lines.Values<PolicyLine>()[(int)resident.LineStart..]);
        _betweenWrites();
        var roots = default(RootReferences);
        compiled.Roots.AsSpan().CopyTo(roots);
        _slots.Values<Slot>()[(int)resident.Slot] = new Slot
        {
            Generation = generation,
            Flags = FlagsOf(compiled),
            RuleCounterBase = resident.CounterStart,
            RuleCount = (uint)compiled.RuleIds.Length,
            LineBase = resident.LineStart,
            DefaultAction = ByDirection(compiled.DefaultIngress, compiled.DefaultEgress),
            Root = roots,
        };
        _betweenWrites();
        _residents.Update(
            resident.Slot,
            new Resident
            {
                Name = ResidentName.From(compiled.Name),
                Revision = resident.Revision,
                LineCount = (uint)compiled.Lines.Length,
            });
    }

    /// <summary>Gives the room back. The persona is not active, and a grace period has passed since it was.</summary>
    public void Free(ResidentPersona resident)
    {
        ArgumentNullException.ThrowIfNull(resident);
        _freeCounters.Free(resident.CounterStart, (uint)resident.Compiled.RuleIds.Length);
        _freeLines.Free(resident.LineStart, resident.LineCount);
        _freeSlots.Free(resident.Slot, 1);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _lines.Dispose();
        _slots.Dispose();
    }

    private static SlotFlags FlagsOf(CompiledPersona compiled) =>
        (compiled.Mode == EnforcementMode.Audit ? SlotFlags.Audit : SlotFlags.None)
        | (compiled.KeepEstablished ? SlotFlags.KeepEstablished : SlotFlags.None);

    private static ActionByDirection ByDirection(RuleAction ingress, RuleAction egress)
    {
        var words = default(ActionByDirection);
        words[(int)PacketDirection.Ingress] = (uint)ingress;
        words[(int)PacketDirection.Egress] = (uint)egress;
        return words;
    }

    private static double Share(RangeAllocator arena) => (double)arena.Used / arena.Capacity;
}
