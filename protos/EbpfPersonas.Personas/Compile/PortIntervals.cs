using EbpfPersonas.Personas.Compile.Layout;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// Cuts the lanes and keys of a class into intervals with the tag that decides in each: first the lanes of enforced
/// rules, then those of audited ones.
/// </summary>
internal static class PortIntervals
{
    private const int Keys = ushort.MaxValue + 1;

    /// <summary>
    /// The intervals of {lane, key}, to be disposed of: up to the last number; <paramref name="entries"/> have the
    /// greatest tag first.
    /// </summary>
    public static PooledList<(uint Last, uint Value)> Cut(ReadOnlySpan<PortEntry> entries)
    {
        var intervals = new PooledList<(uint Last, uint Value)>(4 * entries.Length);
        var lane = new List<PortEntry>(entries.Length);
        for (var number = 0; number < LaneSet.Audit + (int)Lane.Count; number++)
        {
            lane.Clear();
            foreach (var entry in entries)
            {
                if (number % LaneSet.Audit < (int)Lane.Count && entry.IsAudited == number >= LaneSet.Audit
                    && (entry.Lanes & (1u << (number % LaneSet.Audit))) != 0)
                {
                    lane.Add(entry);
                }
            }

            CutLane(lane, (uint)number << LaneSet.Shift, intervals);
        }

        Append(intervals, uint.MaxValue, 0);
        return intervals;
    }

    /// <summary>
    /// Paints the strongest entry first and never over what is painted; <c>behind</c> leads over painted parts, so that
    /// each is passed once.
    /// </summary>
    private static void CutLane(List<PortEntry> lane, uint start, PooledList<(uint Last, uint Value)> intervals)
    {
        var borders = new SortedSet<int> { 0 };
        foreach (var entry in lane)
        {
            borders.Add(entry.First);
            borders.Add(entry.Last + 1);
        }

        borders.Remove(Keys);
        int[] starts = [.. borders, Keys];
        var tags = new uint[starts.Length];
        var behind = new int[starts.Length];
        for (var i = 0; i < behind.Length; i++)
        {
            behind[i] = i;
        }

        foreach (var entry in lane)
        {
            var end = Array.BinarySearch(starts, entry.Last + 1);
            for (var i = Free(behind, Array.BinarySearch(starts, entry.First)); i < end; i = Free(behind, i))
            {
                tags[i] = entry.Tag;
                behind[i] = i + 1;
            }
        }

        for (var i = 0; i < starts.Length - 1; i++)
        {
            Append(intervals, start + (uint)(starts[i + 1] - 1), tags[i]);
        }
    }

    private static int Free(int[] behind, int from)
    {
        var free = from;
        while (behind[free] != free)
        {
            free = behind[free];
        }

        while (behind[from] != free)
        {
            (behind[from], from) = (free, behind[from]);
        }

        return free;
    }

    private static void Append(PooledList<(uint Last, uint Value)> intervals, uint last, uint tag)
    {
        if (intervals.Count > 0 && intervals[^1].Value == tag)
        {
            intervals.RemoveLast();
        }

        intervals.Add((last, tag));
    }
}
