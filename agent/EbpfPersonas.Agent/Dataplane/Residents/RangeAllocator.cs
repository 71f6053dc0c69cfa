namespace EbpfPersonas.Agent.Dataplane.Residents;

/// <summary>
/// Free space of an arena of <paramref name="capacity"/> entries, first fit. Neighbouring free ranges are one range
/// again.
/// </summary>
public sealed class RangeAllocator(uint capacity)
{
    private readonly SortedDictionary<uint, uint> _free = new() { [0] = capacity };

    /// <summary>Entries in use.</summary>
    public uint Used { get; private set; }

    /// <summary>The most entries in a row that are free.</summary>
    public uint LargestGap => _free.Values.DefaultIfEmpty().Max();

    /// <summary>All entries.</summary>
    public uint Capacity => capacity;

    /// <summary>
    /// Takes <paramref name="count"/> entries in a row; false where there is no such gap. A count of 0 gives the start
    /// 0.
    /// </summary>
    public bool TryAllocate(uint count, out uint start)
    {
        start = 0;
        if (count == 0)
        {
            return true;
        }

        foreach (var (gap, size) in _free)
        {
            if (size < count)
            {
                continue;
            }

            _free.Remove(gap);
            if (size > count)
            {
                _free.Add(gap + count, size - count);
            }

            Used += count;
            start = gap;
            return true;
        }

        return false;
    }

    /// <summary>Takes these entries; throws <see cref="InvalidOperationException"/> unless all are free.</summary>
    public void Reserve(uint start, uint count)
    {
        if (count == 0)
        {
            return;
        }

        foreach (var (gap, size) in _free)
        {
            if (gap > start || (ulong)start + count > (ulong)gap + size)
            {
                continue;
            }

            _free.Remove(gap);
            if (start > gap)
            {
                _free.Add(gap, start - gap);
            }

            if (gap + size > start + count)
            {
                _free.Add(start + count, gap + size - start - count);
            }

            Used += count;
            return;
        }

        throw new InvalidOperationException($"{count} entries from {start} on are not free.");
    }

    /// <summary>Gives back what <see cref="TryAllocate"/> gave.</summary>
    public void Free(uint start, uint count)
    {
        if (count == 0)
        {
            return;
        }

        Used -= count;
        if (_free.Remove(start + count, out var after))
        {
            count += after;
        }

        foreach (var (gap, size) in _free)
        {
            if (gap + size == start)
            {
                _free[gap] = size + count;
                return;
            }
        }

        _free.Add(start, count);
    }
}
