using System.Runtime.InteropServices;
using EbpfPersonas.Personas.Compile.Layout;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// Builds what leads from an address to its class: an interval tree for each word of the address, IPv4 has one, IPv6
/// four. Where a value of a word does not decide alone, its reference leads to a tree for the next word; or, where few
/// ranges are left, to a list of them.
/// </summary>
internal sealed class AddressTreeBuilder(LineArena arena, IntervalTreeBuilder trees)
{
    private const int FirstShiftV6 = 96;

    /// <summary>The reference that a lookup begins with.</summary>
    public uint Build(ReadOnlySpan<AddressRange> ranges, bool isV6)
    {
        var next = 0;
        return BuildSpace(ranges, ref next, 0, isV6 ? FirstShiftV6 : 0);
    }

    /// <summary>
    /// What decides on the addresses that begin as <paramref name="start"/> and differ from the word at
    /// <paramref name="shift"/> on. Moves <paramref name="next"/> behind the ranges that end in there.
    /// </summary>
    private uint BuildSpace(ReadOnlySpan<AddressRange> ranges, ref int next, UInt128 start, int shift)
    {
        var below = ((UInt128)1 << shift) - 1;
        var last = start | ((UInt128)uint.MaxValue << shift) | below;
        if (shift is > 0 and < FirstShiftV6 || (shift == 0 && start > 0))
        {
            var end = next;
            while (end - next < AddressList.Capacity && ranges[end].Last < last)
            {
                end++;
            }

            if (end - next < AddressList.Capacity)
            {
                var list = BuildList(ranges[next..(end + 1)]);
                next = end + (ranges[end].Last == last ? 1 : 0);
                return list;
            }
        }

        if (ranges[next].Last >= last)
        {
            return ranges[next].Reference;
        }

        using var words = new PooledList<(uint Last, uint Value)>(shift == 0 && start == 0 ? ranges.Length : 0);
        for (ulong value = 0; value <= uint.MaxValue;)
        {
            var (end, reference) = ranges[next];
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

                Append(words, word, BuildSpace(ranges, ref next, start | ((UInt128)word << shift), shift - 32));
            }

            value = word + 1ul;
        }

        return (uint)trees.Build(words.Items);
    }

    private static void Append(PooledList<(uint Last, uint Value)> words, uint last, uint reference)
    {
        if (words.Count > 0 && words[^1].Value == reference)
        {
            words.RemoveLast();
        }

        words.Add((last, reference));
    }

    /// <summary>The last range may go on behind the list's addresses.</summary>
    private uint BuildList(ReadOnlySpan<AddressRange> ranges)
    {
        var line = arena.AllocatePairs(2);
        ref var list = ref MemoryMarshal.Cast<PolicyLine, AddressList>(arena.Lines[line..])[0];
        for (var i = 0; i < AddressList.Capacity; i++)
        {
            var range = ranges[Math.Min(i, ranges.Length - 1)];
            var last = i < ranges.Length - 1 ? range.Last : UInt128.MaxValue;
            ref var interval = ref list.Interval[i];
            interval.Last[0] = (uint)(last >> 64);
            interval.Last[1] = (uint)(last >> 32);
            interval.Last[2] = (uint)last;
            interval.Reference = range.Reference;
        }

        return (uint)Reference.List | (uint)line;
    }
}
