namespace EbpfPersonas.Personas.Compile;

/// <summary>A prefix that a rule holds for: its lowest address, its length in bits and the rule's number.</summary>
internal readonly record struct PrefixEntry(UInt128 Start, int Length, int Rule) : IComparable<PrefixEntry>
{
    /// <summary>A prefix stands in front of those that lie in it; the stronger rule in front of the weaker.</summary>
    public int CompareTo(PrefixEntry other)
    {
        var byStart = Start.CompareTo(other.Start);
        var byLength = byStart != 0 ? byStart : Length.CompareTo(other.Length);
        return byLength != 0 ? byLength : Rule.CompareTo(other.Rule);
    }

    /// <summary>Sorts; a number of 64 bits holds an IPv4 entry, and numbers sort several times faster.</summary>
    public static void Sort(Span<PrefixEntry> entries, bool isV6)
    {
        if (isV6)
        {
            entries.Sort();
            return;
        }

        using var keys = new PooledList<ulong>(entries.Length);
        foreach (var entry in entries)
        {
            keys.Add(((ulong)entry.Start << 32) | ((ulong)entry.Length << 24) | (uint)entry.Rule);
        }

        keys.Items.Sort();
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = new PrefixEntry(keys[i] >> 32, (byte)(keys[i] >> 24), (int)(keys[i] & 0xffffff));
        }
    }
}
