using System.Runtime.InteropServices;
using EbpfPersonas.Personas.Compile.Layout;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// Makes the classes of addresses and their records. Up to seven entries stand in the record, more in an interval tree
/// of its own. A class takes the entries of the class around along as long as that is cheap; otherwise they go into a
/// port tree, once, for all classes inside to share. So no rule's entry is copied often, however deep prefixes are
/// nested and however many lie side by side.
/// </summary>
internal sealed class ClassBuilder
{
    /// <summary>
    /// A class holds this many entries with those it took along, or so many times its own: nested classes copy them
    /// again.
    /// </summary>
    private const int TakenMax = 16;
    private const int TakenTimesMax = 4;

    /// <summary>Copies of one class's entries that cost about as much as a port tree for them.</summary>
    private const int CopiesMax = 24;

    private readonly LineArena _arena;
    private readonly RuleEntries _rules;
    private readonly IntervalTreeBuilder _intervals;
    private readonly PortTreeBuilder _trees;
    private readonly Dictionary<ulong, AddressClass> _derived;
    private readonly List<PortEntry> _entries = [];
    private int _made;

    /// <summary>Begins with the class that holds no rule, at line 0.</summary>
    public ClassBuilder(
        LineArena arena, RuleEntries rules, int count, IntervalTreeBuilder intervals, PortTreeBuilder trees)
    {
        (_arena, _rules, _intervals, _trees) = (arena, rules, intervals, trees);
        _derived = new Dictionary<ulong, AddressClass>(count);
        Empty = Class(null, [], [], [], tree: 0, treeTag: 0);
        Empty.WholeTree = 0;
    }

    /// <summary>The class that holds no rule.</summary>
    public AddressClass Empty { get; }

    /// <summary>Records so far.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// The class inside <paramref name="outer"/> for which <paramref name="rules"/> hold too, strongest first.
    /// </summary>
    public AddressClass Derive(AddressClass outer, ReadOnlySpan<int> rules)
    {
        var hash = (ulong)outer.Number;
        foreach (var rule in rules)
        {
            hash = (hash ^ (uint)rule) * 0x9e3779b97f4a7c15;
            hash ^= hash >> 29;
        }

        ref var first = ref CollectionsMarshal.GetValueRefOrAddDefault(_derived, hash, out _);
        for (var known = first; known is not null; known = known.Next)
        {
            if (known.Outer == outer && rules.SequenceEqual(known.Rules))
            {
                return known;
            }
        }

        var own = OwnEntries(outer, rules);
        if (own.Length == 0)
        {
            return outer;
        }

        var made = Make(outer, [.. rules], own);
        made.Next = first;
        return first = made;
    }

    private AddressClass Make(AddressClass outer, int[] rules, PortEntry[] own)
    {
        // What decides on everything leaves nothing to ask behind it.
        if (own[0] is { IsAudited: false, IsWhole: true, Lanes: LaneSet.Every } && own[0].Tag > outer.GreatestTag)
        {
            return Class(outer, rules, own, [own[0]], tree: 0, treeTag: 0);
        }

        return TryTakeAlong(outer, own) is { } together
            ? Class(outer, rules, own, together, outer.Tree, outer.TreeTag)
            : Class(outer, rules, own, own, WholeTree(outer), outer.GreatestTag);
    }

    /// <summary>Its own entries with those of the class around, where that is cheap; else null.</summary>
    private PortEntry[]? TryTakeAlong(AddressClass outer, PortEntry[] own)
    {
        if (outer.Entries.Length == 0)
        {
            return own;
        }

        var most = Math.Max(TakenMax, TakenTimesMax * own.Length);
        if (outer.Entries.Length > most)
        {
            return null;
        }

        var together = Merge(own, outer.Entries);
        var isCheap = together.Length <= ClassRecord.EntryCount
            || (outer.WholeTree is null && together.Length <= most && outer.Copies++ < CopiesMax);
        return isCheap ? together : null;
    }

    private int WholeTree(AddressClass of) => of.WholeTree ??= _trees.Add(WholeTree(of.Outer!), of.Own);

    private AddressClass Class(
        AddressClass? outer, int[] rules, PortEntry[] own, PortEntry[] entries, int tree, uint treeTag) => new()
        {
            Number = _made++,
            Outer = outer,
            Rules = rules,
            Own = own,
            Entries = entries,
            Tree = tree,
            TreeTag = treeTag,
            Reference = Record(entries, tree),
        };

    /// <summary>The entries of these rules that can be seen, greatest tag first.</summary>
    private PortEntry[] OwnEntries(AddressClass outer, ReadOnlySpan<int> rules)
    {
        _entries.Clear();
        foreach (var rule in rules)
        {
            foreach (var entry in _rules.Of(rule))
            {
                if (!IsHidden(entry, outer.Entries) && !IsHidden(entry, CollectionsMarshal.AsSpan(_entries)))
                {
                    _entries.Add(entry);
                }
            }
        }

        return [.. _entries];
    }

    /// <summary>Both, greatest tag first, without what cannot be seen.</summary>
    private PortEntry[] Merge(PortEntry[] own, PortEntry[] outer)
    {
        _entries.Clear();
        for (int i = 0, j = 0; i < own.Length || j < outer.Length;)
        {
            var entry = j == outer.Length || (i < own.Length && own[i].Tag > outer[j].Tag) ? own[i++] : outer[j++];
            if (!IsHidden(entry, CollectionsMarshal.AsSpan(_entries)))
            {
                _entries.Add(entry);
            }
        }

        return [.. _entries];
    }

    /// <summary>Looks at the strongest few only: what it misses costs room, and trees leave it out.</summary>
    private static bool IsHidden(PortEntry entry, ReadOnlySpan<PortEntry> stronger)
    {
        const int Looks = 16;
        foreach (var other in stronger[..Math.Min(stronger.Length, Looks)])
        {
            if (other.Hides(entry))
            {
                return true;
            }
        }

        return false;
    }

    private uint Record(PortEntry[] entries, int tree)
    {
        var line = default(PolicyLine);
        ref var record = ref PolicyLine.As<ClassRecord>(ref line);
        record.Ports = (uint)tree;
        if (entries.Length <= ClassRecord.EntryCount)
        {
            entries.CopyTo(record.Entry);
        }
        else
        {
            record.Intervals = (uint)_intervals.Build(CollectionsMarshal.AsSpan(PortIntervals.Cut(entries)));
        }

        var lines = _arena.Count;
        var reference = (uint)Reference.Class | (uint)_arena.Intern([line]);
        Count += _arena.Count - lines;
        return reference;
    }
}
