using System.Runtime.InteropServices;
using EbpfPersonas.Personas.Compile.Layout;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// Port trees: 16 branches for the lanes (of enforced rules, then of audited ones), then 16 for each 4 bits of the key.
/// An entry's tag stands at the branches that it covers whole, and the greatest tag on the way down decides; so a tree
/// takes entries in any order, and a new tree shares with the one it was made from all that did not change.
/// </summary>
internal sealed class PortTreeBuilder(LineArena arena)
{
    private const int FanOut = 16;
    private const int KeyBits = 16;

    /// <summary>
    /// A tree that holds what <paramref name="tree"/> holds (0 = nothing) and <paramref name="entries"/>.
    /// </summary>
    public int Add(int tree, ReadOnlySpan<PortEntry> entries)
    {
        if (entries.Length == 0)
        {
            return tree;
        }

        Span<PortBranch> branches = stackalloc PortBranch[FanOut];
        Read(tree, branches);
        for (var lane = 0; lane < (int)Lane.Count; lane++)
        {
            Extend(ref branches[lane], Of(entries, lane, isAudited: false));
            Extend(ref branches[LaneSet.Audit + lane], Of(entries, lane, isAudited: true));
        }

        return Keep(branches);
    }

    private static List<PortEntry> Of(ReadOnlySpan<PortEntry> entries, int lane, bool isAudited)
    {
        var some = new List<PortEntry>();
        foreach (var entry in entries)
        {
            if (entry.IsAudited == isAudited && (entry.Lanes & (1u << lane)) != 0)
            {
                some.Add(entry);
            }
        }

        return some;
    }

    private void Extend(ref PortBranch branch, List<PortEntry> entries)
    {
        var within = Within(entries, 0, KeyBits, ref branch.Tag, floor: 0);
        if (within.Count > 0)
        {
            branch.Child = (uint)Add((int)branch.Child, KeyBits, 0, within, branch.Tag);
        }
    }

    /// <summary>
    /// The node for the keys from <paramref name="start"/> on that differ in <paramref name="bits"/> bits. What is not
    /// above <paramref name="floor"/>, a tag that holds for the whole node, is left out.
    /// </summary>
    private int Add(int node, int bits, int start, List<PortEntry> entries, uint floor)
    {
        var below = bits - 4;
        if (below == 0)
        {
            return AddTags(node, start, entries);
        }

        Span<PortBranch> branches = stackalloc PortBranch[FanOut];
        Read(node, branches);
        for (var i = 0; i < FanOut; i++)
        {
            var first = start + (i << below);
            var within = Within(entries, first, below, ref branches[i].Tag, floor);
            if (within.Count > 0)
            {
                branches[i].Child = (uint)Add(
                    (int)branches[i].Child, below, first, within, Math.Max(floor, branches[i].Tag));
            }
        }

        return Keep(branches);
    }

    /// <summary>The entries that cover a part of the branch only; those that cover it whole raise its tag.</summary>
    private static List<PortEntry> Within(List<PortEntry> entries, int first, int bits, ref uint tag, uint floor)
    {
        var last = first + (1 << bits) - 1;
        foreach (var entry in entries)
        {
            if (entry.First <= first && last <= entry.Last && entry.Tag > Math.Max(tag, floor))
            {
                tag = entry.Tag;
            }
        }

        var within = new List<PortEntry>();
        foreach (var entry in entries)
        {
            if (entry.First <= last && first <= entry.Last && (first < entry.First || entry.Last < last)
                && entry.Tag > Math.Max(tag, floor))
            {
                within.Add(entry);
            }
        }

        return within;
    }

    private int AddTags(int node, int start, List<PortEntry> entries)
    {
        var line = default(PolicyLine);
        if (node != 0)
        {
            arena.Tags(node).CopyTo(line.Word);
        }

        foreach (var entry in entries)
        {
            for (var key = Math.Max(start, entry.First); key <= Math.Min(start + FanOut - 1, entry.Last); key++)
            {
                line.Word[key - start] = Math.Max(line.Word[key - start], entry.Tag);
            }
        }

        return arena.Intern([line]);
    }

    private void Read(int node, Span<PortBranch> branches)
    {
        if (node == 0)
        {
            branches.Clear();
        }
        else
        {
            arena.Branches(node).CopyTo(branches);
        }
    }

    private int Keep(ReadOnlySpan<PortBranch> branches) =>
        arena.Intern(MemoryMarshal.Cast<PortBranch, PolicyLine>(branches));
}
