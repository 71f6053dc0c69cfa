using EbpfPersonas.Personas.Compile;
using EbpfPersonas.Personas.Compile.Layout;
using EbpfPersonas.TestKit.Fuzzing;

namespace EbpfPersonas.TestKit.Proof;

/// <summary>Makes the bytes wrong in one place, where there is such a place.</summary>
internal delegate void CompiledFault(Prng random, CompiledParts parts);

/// <summary>What can be wrong in the bytes of a compiled persona.</summary>
internal static class CompiledFaults
{
    /// <summary>The compiled persona with the fault; the same one gets it in the same place.</summary>
    public static CompiledPersona With(CompiledPersona compiled, CompiledFault fault)
    {
        var parts = new CompiledParts(compiled);
        fault(new Prng((ulong)compiled.Lines.Length), parts);
        return new CompiledPersona
        {
            Name = compiled.Name,
            Mode = compiled.Mode,
            KeepEstablished = compiled.KeepEstablished,
            DefaultIngress = compiled.DefaultIngress,
            DefaultEgress = compiled.DefaultEgress,
            RuleIds = compiled.RuleIds,
            Roots = compiled.Roots,
            Lines = parts.Lines,
            Size = compiled.Size,
        };
    }

    public static void EndAddressIntervalLate(Prng random, CompiledParts parts) =>
        EndIntervalLate(random, parts, parts.AddressNodes);

    public static void EndPortIntervalLate(Prng random, CompiledParts parts) =>
        EndIntervalLate(random, parts, parts.PortNodes);

    public static void EndListIntervalLate(Prng random, CompiledParts parts)
    {
        var places = (
            from list in parts.Lists
            from number in Enumerable.Range(0, AddressList.Capacity)
            where parts.IntervalAt(list, number).Last[2] != uint.MaxValue
            select (list, number)).ToArray();
        if (places.Length > 0)
        {
            var (list, number) = random.Pick(places);
            parts.IntervalAt(list, number).Last[2]++;
        }
    }

    public static void EndPortEntryLate(Prng random, CompiledParts parts)
    {
        var places = Entries(parts, entry => entry.Last != ushort.MaxValue);
        if (places.Length > 0)
        {
            var (line, number) = random.Pick(places);
            parts.At<ClassRecord>(line).Entry[number].Last++;
        }
    }

    public static void PutWeakestEntryFirst(Prng random, CompiledParts parts)
    {
        var places = WithSeveralEntries(parts);
        if (places.Length > 0)
        {
            ref var record = ref parts.At<ClassRecord>(random.Pick(places));
            var count = CountEntries(record);
            ((Span<PortEntry>)record.Entry)[..count].Reverse();
        }
    }

    /// <summary>Each says what the other one should, and is as strong as that.</summary>
    public static void SwapRanks(Prng random, CompiledParts parts)
    {
        var places = WithSeveralEntries(parts);
        if (places.Length > 0)
        {
            ref var record = ref parts.At<ClassRecord>(random.Pick(places));
            var (one, other) = (record.Entry[0], record.Entry[1]);
            var mask = (uint)Tag.Rank - 1;
            record.Entry[0] = other with { Tag = (one.Tag & ~mask) | (other.Tag & mask) };
            record.Entry[1] = one with { Tag = (other.Tag & ~mask) | (one.Tag & mask) };
        }
    }

    public static void DropClass(Prng random, CompiledParts parts)
    {
        var places = Entries(parts, _ => true).Select(place => place.Line).Distinct().ToArray();
        if (places.Length > 0)
        {
            parts.At<ClassRecord>(random.Pick(places)) = default;
        }
    }

    public static void TakeNeighbour(Prng random, CompiledParts parts)
    {
        if (parts.Classes.Count > 1)
        {
            var number = random.Between(1, parts.Classes.Count - 1);
            parts.Lines[parts.Classes[number]] = parts.Lines[parts.Classes[number - 1]];
        }
    }

    public static void DropPortTree(Prng random, CompiledParts parts)
    {
        var places = parts.Classes.Where(line => parts.At<ClassRecord>(line).Ports != 0).ToArray();
        if (places.Length > 0)
        {
            parts.At<ClassRecord>(random.Pick(places)).Ports = 0;
        }
    }

    private static void EndIntervalLate(Prng random, CompiledParts parts, IEnumerable<int> nodes)
    {
        var places = nodes.Where(node => parts.BordersOf(node) > 0).ToArray();
        if (places.Length > 0)
        {
            var node = random.Pick(places);
            parts.At<IntervalNode>(node).Last[random.Below(parts.BordersOf(node))]++;
        }
    }

    private static (int Line, int Number)[] Entries(CompiledParts parts, Func<PortEntry, bool> suits) =>
    [
        .. from line in parts.Classes
        from number in Enumerable.Range(0, CountEntries(parts.At<ClassRecord>(line)))
        where suits(parts.At<ClassRecord>(line).Entry[number])
        select (line, number),
    ];

    private static int[] WithSeveralEntries(CompiledParts parts) =>
        [.. parts.Classes.Where(line => CountEntries(parts.At<ClassRecord>(line)) > 1)];

    private static int CountEntries(ClassRecord record)
    {
        var count = 0;
        while (count < ClassRecord.EntryCount && record.Entry[count].Tag != 0)
        {
            count++;
        }

        return count;
    }
}
