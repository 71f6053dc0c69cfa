using System.Runtime.InteropServices;
using EbpfPersonas.Personas.Compile.Layout;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// Makes the classes of addresses and their records. Up to seven entries stand in the record. Where more hold, those of
/// the classes around go into a port tree once, for all classes inside to share, so that a rule's entry is put into a
/// tree at most once, however deep prefixes are nested and however many lie side by side.
/// </summary>
internal sealed class ClassBuilder
{
    private readonly LineArena _arena;
    private readonly RuleEntries _rules;
    private readonly PortTreeBuilder _trees;
    private readonly Dictionary<(AddressClass Outer, int Hash), List<(int[] Rules, AddressClass Class)>> _derived = [];
    private readonly List<PortEntry> _own = [];
    private readonly HashSet<uint> _records = [];

    /// <summary>Begins with the class that holds no rule, at line 0.</summary>
    public ClassBuilder(LineArena arena, RuleEntries rules, PortTreeBuilder trees)
    {
        (_arena, _rules, _trees) = (arena, rules, trees);
        Empty = new AddressClass
        {
            Outer = null,
            Own = [],
            Entries = [],
            Tree = 0,
            TreeTag = 0,
            Reference = Record([], 0),
            WholeTree = 0,
        };
    }

    /// <summary>The class that holds no rule.</summary>
    public AddressClass Empty { get; }

    /// <summary>Records so far.</summary>
    public int Count => _records.Count;

    /// <summary>
    /// The class inside <paramref name="outer"/> for which <paramref name="rules"/> hold too, strongest first.
    /// </summary>
    public AddressClass Derive(AddressClass outer, List<int> rules)
    {
        var key = (outer, Hash(rules));
        if (!_derived.TryGetValue(key, out var known))
        {
            _derived.Add(key, known = new(1));
        }

        foreach (var (same, found) in known)
        {
            if (same.AsSpan().SequenceEqual(CollectionsMarshal.AsSpan(rules)))
            {
                return found;
            }
        }

        var made = Make(outer, rules);
        known.Add(([.. rules], made));
        return made;
    }

    private static int Hash(List<int> rules)
    {
        var hash = default(HashCode);
        foreach (var rule in rules)
        {
            hash.Add(rule);
        }

        return hash.ToHashCode();
    }

    private AddressClass Make(AddressClass outer, List<int> rules)
    {
        var own = OwnEntries(outer, rules);
        if (own.Length == 0)
        {
            return outer;
        }

        // What decides on everything leaves nothing to ask behind it.
        if (IsFinal(own[0], outer))
        {
            return Class(outer, own, [own[0]], tree: 0, treeTag: 0);
        }

        var together = Merge(own, outer.Entries);
        if (together.Length <= ClassRecord.EntryCount)
        {
            return Class(outer, own, together, outer.Tree, outer.TreeTag);
        }

        var outerTree = WholeTree(outer);
        if (own.Length <= ClassRecord.EntryCount)
        {
            return Class(outer, own, own, outerTree, TagOf(outer));
        }

        var tree = _trees.Add(outerTree, own);
        var made = Class(outer, own, [], tree, Math.Max(own[0].Tag, TagOf(outer)));
        made.WholeTree = tree;
        return made;
    }

    private static uint TagOf(AddressClass of) =>
        of.Entries.Length > 0 ? Math.Max(of.Entries[0].Tag, of.TreeTag) : of.TreeTag;

    private static bool IsFinal(PortEntry entry, AddressClass outer) =>
        !entry.IsAudited && entry.IsWhole && entry.Lanes == LaneSet.Every && entry.Tag > TagOf(outer);

    private int WholeTree(AddressClass of) =>
        of.WholeTree ??= _trees.Add(WholeTree(of.Outer!), of.Own);

    private AddressClass Class(AddressClass outer, PortEntry[] own, PortEntry[] entries, int tree, uint treeTag) => new()
    {
        Outer = outer,
        Own = own,
        Entries = entries,
        Tree = tree,
        TreeTag = treeTag,
        Reference = Record(entries, tree),
    };

    /// <summary>The entries of these rules that can be seen, greatest tag first.</summary>
    private PortEntry[] OwnEntries(AddressClass outer, List<int> rules)
    {
        _own.Clear();
        foreach (var rule in rules)
        {
            foreach (var entry in _rules.Of(rule))
            {
                if (!IsHidden(entry, outer.Entries) && !IsHidden(entry, CollectionsMarshal.AsSpan(_own)))
                {
                    _own.Add(entry);
                }
            }
        }

        return [.. _own];
    }

    /// <summary>Looks at the first few only: what is missed costs room, and a tree leaves it out.</summary>
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

    /// <summary>Both, greatest tag first, without what cannot be seen.</summary>
    private static PortEntry[] Merge(PortEntry[] own, PortEntry[] outer)
    {
        if (outer.Length == 0)
        {
            return own;
        }

        var merged = new List<PortEntry>(own.Length + outer.Length);
        for (int i = 0, j = 0; i < own.Length || j < outer.Length;)
        {
            var entry = j == outer.Length || (i < own.Length && own[i].Tag > outer[j].Tag) ? own[i++] : outer[j++];
            if (!IsHidden(entry, CollectionsMarshal.AsSpan(merged)))
            {
                merged.Add(entry);
            }
        }

        return [.. merged];
    }

    private uint Record(ReadOnlySpan<PortEntry> entries, int tree)
    {
        var line = default(PolicyLine);
        ref var record = ref PolicyLine.As<ClassRecord>(ref line);
        for (var i = 0; i < entries.Length; i++)
        {
            record.Entry[i] = entries[i];
        }

        record.Ports = (uint)tree;
        var reference = (uint)Reference.Class | (uint)_arena.Intern([line]);
        _records.Add(reference);
        return reference;
    }
}
