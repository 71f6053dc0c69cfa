using EbpfPersonas.Personas.Compile.Layout;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// Builds the B-trees over address intervals: one for each word of an address. Where a value of a word is not decided by
/// that word alone, its reference leads to a tree for the next one. IPv4 has one word, IPv6 four.
/// </summary>
internal sealed class AddressTreeBuilder(LineArena arena)
{
    private const int FanOut = 16;

    /// <summary>Lines of all nodes so far.</summary>
    public int Lines { get; private set; }

    /// <summary>The reference that a lookup begins with.</summary>
    public uint Build(List<AddressInterval> intervals, bool isV6)
    {
        var next = 0;
        return BuildSpace(intervals, ref next, 0, isV6 ? 96 : 0);
    }

    /// <summary>
    /// The tree for the addresses that begin as <paramref name="start"/> and differ from the word at
    /// <paramref name="shift"/> on. Moves <paramref name="next"/> behind the intervals that end in there.
    /// </summary>
    private uint BuildSpace(List<AddressInterval> intervals, ref int next, UInt128 start, int shift)
    {
        var below = ((UInt128)1 << shift) - 1;
        var last = start | ((UInt128)uint.MaxValue << shift) | below;
        if (intervals[next].Last >= last)
        {
            var reference = intervals[next].Reference;
            next += intervals[next].Last == last ? 1 : 0;
            return reference;
        }

        var words = new List<(uint Last, uint Reference)>();
        for (ulong value = 0; value <= uint.MaxValue;)
        {
            var (end, reference) = intervals[next];
            var capped = end < last ? end : last;
            var word = (uint)(capped >> shift);
            if ((capped & below) == below)
            {
                Append(words, word, reference);
                next += end == capped ? 1 : 0;
            }
            else
            {
                if (word > value)
                {
                    Append(words, word - 1, reference);
                }

                Append(words, word, BuildSpace(intervals, ref next, start | ((UInt128)word << shift), shift - 32));
            }

            value = word + 1ul;
        }

        return words.Count == 1 ? words[0].Reference : (uint)BuildTree(words);
    }

    private static void Append(List<(uint Last, uint Reference)> words, uint last, uint reference)
    {
        if (words.Count > 0 && words[^1].Reference == reference)
        {
            words.RemoveAt(words.Count - 1);
        }

        words.Add((last, reference));
    }

    /// <summary>The root's line of a tree over one word.</summary>
    private int BuildTree(List<(uint Last, uint Reference)> words)
    {
        var count = (words.Count + FanOut - 1) / FanOut;
        var first = arena.AllocatePairs(2 * count);
        Lines += 2 * count;
        var ends = new uint[count];
        for (var leaf = 0; leaf < count; leaf++)
        {
            var part = words.GetRange(leaf * FanOut, Math.Min(FanOut, words.Count - (leaf * FanOut)));
            WriteLeaf(first + (2 * leaf), part);
            ends[leaf] = part[^1].Last;
        }

        var flags = AddressNodeFlags.AboveLeaves;
        while (count > 1)
        {
            var above = (count + FanOut - 1) / FanOut;
            var line = arena.Allocate(above);
            Lines += above;
            var stride = flags == AddressNodeFlags.AboveLeaves ? 2 : 1;
            for (var node = 0; node < above; node++)
            {
                var children = ends.AsSpan(node * FanOut, Math.Min(FanOut, count - (node * FanOut)));
                WriteInner(line + node, (uint)(first + (node * FanOut * stride)) | (uint)flags, children);
                ends[node] = children[^1];
            }

            (first, count, flags) = (line, above, AddressNodeFlags.None);
        }

        return first;
    }

    private void WriteLeaf(int line, List<(uint Last, uint Reference)> part)
    {
        ref var node = ref arena.At<AddressNode>(line);
        ref var references = ref arena.At<PolicyLine>(line + 1);
        node.First = (uint)AddressNodeFlags.Leaf;
        for (var i = 0; i < FanOut; i++)
        {
            references.Word[i] = part[Math.Min(i, part.Count - 1)].Reference;
            if (i < FanOut - 1)
            {
                node.Last[i] = i < part.Count ? part[i].Last : uint.MaxValue;
            }
        }
    }

    private void WriteInner(int line, uint first, ReadOnlySpan<uint> ends)
    {
        ref var node = ref arena.At<AddressNode>(line);
        node.First = first;
        for (var i = 0; i < FanOut - 1; i++)
        {
            node.Last[i] = i < ends.Length - 1 ? ends[i] : uint.MaxValue;
        }
    }
}
