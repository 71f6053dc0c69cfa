using System.Numerics;
using EbpfPersonas.Personas.Compile.Layout;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// Makes the classes of addresses and their records. Up to seven entries stand in the record, more in an interval tree
/// of its own. A class takes the entries of the class around along as long as that is cheap; otherwise they go into a
/// port tree, once, for all classes inside to share. So no rule's entry is copied often, however deep prefixes are
/// nested and however many lie side by side.
/// </summary>
internal sealed class ClassBuilder : IDisposable
{
    /// <summary>The number of the class that holds no rule.</summary>
    public const int Empty = 0;

    /// <summary>
    /// A class holds this many entries with those it took along, or so many times its own: nested classes copy them
    /// again.
    /// </summary>
    private const int TakenMax = 16;
    private const int TakenTimesMax = 4;

    /// <summary>Copies of one class's entries that cost about as much as a port tree for them.</summary>
    private const int CopiesMax = 24;

    private const int None = -1;

    private readonly LineArena _arena;
    private readonly RuleEntries _rules;
    private readonly IntervalTreeBuilder _intervals;
    private readonly PortTreeBuilder _trees;
    private readonly PooledList<AddressClass> _classes;
    private readonly PooledList<int> _ruleNumbers;
    private readonly PooledList<PortEntry> _entries;
    private readonly PooledList<int> _buckets;

    /// <summary>Begins with the class that holds no rule, at line 0. <paramref name="count"/> is a guess.</summary>
    public ClassBuilder(
        LineArena arena, RuleEntries rules, int count, IntervalTreeBuilder intervals, PortTreeBuilder trees)
    {
        (_arena, _rules, _intervals, _trees) = (arena, rules, intervals, trees);
        _classes = new PooledList<AddressClass>(count);
        _ruleNumbers = new PooledList<int>(count);
        _entries = new PooledList<PortEntry>(2 * count);
        _buckets = new PooledList<int>(count);
        _buckets.Grow((int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(count, 16))).Fill(None);
        Add(Empty, default, default, default, tree: 0, treeTag: 0);
        _classes[Empty].WholeTree = 0;
    }

    /// <summary>Records so far.</summary>
    public int Count { get; private set; }

    /// <summary>What leads to the record of a class.</summary>
    public uint Reference(int number) => _classes[number].Reference;

    /// <summary>
    /// The class inside <paramref name="outer"/> for which <paramref name="rules"/> hold too, strongest first.
    /// </summary>
    public int Derive(int outer, ReadOnlySpan<int> rules)
    {
        ref var bucket = ref _buckets[Hash(outer, rules) & (_buckets.Count - 1)];
        for (var known = bucket; known != None; known = _classes[known].Next)
        {
            if (_classes[known].Outer == outer && rules.SequenceEqual(_ruleNumbers.Items[_classes[known].Rules]))
            {
                return known;
            }
        }

        var own = OwnEntries(_classes[outer], rules);
        if (own.Start.Equals(own.End))
        {
            return outer;
        }

        var made = Make(outer, rules, own);
        _classes[made].Next = bucket;
        return bucket = made;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _classes.Dispose();
        _ruleNumbers.Dispose();
        _entries.Dispose();
        _buckets.Dispose();
    }

    private static int Hash(int outer, ReadOnlySpan<int> rules)
    {
        var hash = (ulong)outer;
        foreach (var rule in rules)
        {
            hash = (hash ^ (uint)rule) * 0x9e3779b97f4a7c15;
            hash ^= hash >> 29;
        }

        return (int)(hash >> 32);
    }

    private int Make(int outer, ReadOnlySpan<int> rules, Range own)
    {
        var numbers = _ruleNumbers.Count;
        rules.CopyTo(_ruleNumbers.Grow(rules.Length));
        var ownRules = numbers.._ruleNumbers.Count;
        var around = _classes[outer];

        // What decides on everything leaves nothing to ask behind it.
        var strongest = _entries.Items[own][0];
        if (strongest is { IsAudited: false, IsWhole: true, Lanes: LaneSet.Every }
            && strongest.Tag > around.GreatestTag)
        {
            return Add(outer, ownRules, own, own.Start..(own.Start.Value + 1), tree: 0, treeTag: 0);
        }

        return TryTakeAlong(outer, own) is { } together
            ? Add(outer, ownRules, own, together, around.Tree, around.TreeTag)
            : Add(outer, ownRules, own, own, WholeTree(outer), around.GreatestTag);
    }

    /// <summary>Its own entries with those of the class around, where that is cheap; else null.</summary>
    private Range? TryTakeAlong(int outer, Range own)
    {
        var around = _classes[outer];
        var (ownCount, aroundCount) = (Length(own), Length(around.Entries));
        if (aroundCount == 0)
        {
            return own;
        }

        var most = Math.Max(TakenMax, TakenTimesMax * ownCount);
        if (aroundCount > most)
        {
            return null;
        }

        var together = Merge(own, around.Entries);
        var isCheap = Length(together) <= ClassRecord.EntryCount
            || (around.WholeTree == None && Length(together) <= most && _classes[outer].Copies++ < CopiesMax);
        return isCheap ? together : null;
    }

    private int WholeTree(int number)
    {
        if (_classes[number].WholeTree == None)
        {
            var outer = WholeTree(_classes[number].Outer);
            _classes[number].WholeTree = _trees.Add(outer, _entries.Items[_classes[number].Own]);
        }

        return _classes[number].WholeTree;
    }

    private int Add(int outer, Range rules, Range own, Range entries, int tree, uint treeTag)
    {
        var held = _entries.Items[entries];
        _classes.Add(new AddressClass
        {
            Outer = outer,
            Rules = rules,
            Own = own,
            Entries = entries,
            Tree = tree,
            TreeTag = treeTag,
            GreatestTag = held.IsEmpty ? treeTag : Math.Max(held[0].Tag, treeTag),
            Reference = Record(held, tree),
            WholeTree = None,
            Next = None,
        });
        return _classes.Count - 1;
    }

    /// <summary>The entries of these rules that can be seen, greatest tag first.</summary>
    private Range OwnEntries(AddressClass outer, ReadOnlySpan<int> rules)
    {
        var start = _entries.Count;
        foreach (var rule in rules)
        {
            foreach (var entry in _rules.Of(rule))
            {
                if (!IsHidden(entry, _entries.Items[outer.Entries]) && !IsHidden(entry, _entries.Items[start..]))
                {
                    _entries.Add(entry);
                }
            }
        }

        return start.._entries.Count;
    }

    /// <summary>Both, greatest tag first, without what cannot be seen.</summary>
    private Range Merge(Range own, Range outer)
    {
        var start = _entries.Count;
        var (i, j) = (own.Start.Value, outer.Start.Value);
        while (i < own.End.Value || j < outer.End.Value)
        {
            var takesOwn = j == outer.End.Value || (i < own.End.Value && _entries[i].Tag > _entries[j].Tag);
            var entry = _entries[takesOwn ? i++ : j++];
            if (!IsHidden(entry, _entries.Items[start..]))
            {
                _entries.Add(entry);
            }
        }

        return start.._entries.Count;
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

    private static int Length(Range range) => range.End.Value - range.Start.Value;

    private uint Record(ReadOnlySpan<PortEntry> entries, int tree)
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
            using var intervals = PortIntervals.Cut(entries);
            record.Intervals = (uint)_intervals.Build(intervals.Items);
        }

        var lines = _arena.Count;
        var reference = (uint)Layout.Reference.Class | (uint)_arena.Intern([line]);
        Count += _arena.Count - lines;
        return reference;
    }
}
