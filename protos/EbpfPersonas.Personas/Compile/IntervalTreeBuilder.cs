using EbpfPersonas.Personas.Compile.Layout;

namespace EbpfPersonas.Personas.Compile;

/// <summary>Builds B-trees of one cache line a level over 32-bit numbers.</summary>
internal sealed class IntervalTreeBuilder(LineArena arena)
{
    private const int FanOut = 16;

    /// <summary>The root's line of a tree over <paramref name="intervals"/>, which end with the last number.</summary>
    public int Build(ReadOnlySpan<(uint Last, uint Value)> intervals)
    {
        var count = (intervals.Length + FanOut - 1) / FanOut;
        var first = arena.AllocatePairs(2 * count);
        var ends = new uint[count];
        for (var leaf = 0; leaf < count; leaf++)
        {
            var part = intervals.Slice(leaf * FanOut, Math.Min(FanOut, intervals.Length - (leaf * FanOut)));
            WriteLeaf(first + (2 * leaf), part);
            ends[leaf] = part[^1].Last;
        }

        var flags = IntervalNodeFlags.AboveLeaves;
        while (count > 1)
        {
            var above = (count + FanOut - 1) / FanOut;
            var line = arena.Allocate(above);
            var stride = flags == IntervalNodeFlags.AboveLeaves ? 2 : 1;
            for (var node = 0; node < above; node++)
            {
                var children = ends.AsSpan(node * FanOut, Math.Min(FanOut, count - (node * FanOut)));
                WriteInner(line + node, (uint)(first + (node * FanOut * stride)) | (uint)flags, children);
                ends[node] = children[^1];
            }

            (first, count, flags) = (line, above, IntervalNodeFlags.None);
        }

        return first;
    }

    private void WriteLeaf(int line, ReadOnlySpan<(uint Last, uint Value)> part)
    {
        ref var node = ref arena.At<IntervalNode>(line);
        ref var values = ref arena.At<PolicyLine>(line + 1);
        node.First = (uint)IntervalNodeFlags.Leaf;
        for (var i = 0; i < FanOut; i++)
        {
            values.Word[i] = part[Math.Min(i, part.Length - 1)].Value;
            if (i < FanOut - 1)
            {
                node.Last[i] = i < part.Length ? part[i].Last : uint.MaxValue;
            }
        }
    }

    private void WriteInner(int line, uint first, ReadOnlySpan<uint> ends)
    {
        ref var node = ref arena.At<IntervalNode>(line);
        node.First = first;
        for (var i = 0; i < FanOut - 1; i++)
        {
            node.Last[i] = i < ends.Length - 1 ? ends[i] : uint.MaxValue;
        }
    }
}
