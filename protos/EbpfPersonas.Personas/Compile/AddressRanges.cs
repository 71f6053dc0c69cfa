using System.Runtime.InteropServices;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// Cuts the addresses of a family into ranges, each with the class of the innermost prefix around it. Prefixes are
/// nested or apart, so n of them make at most 2n + 1 ranges and n + 1 classes.
/// </summary>
internal sealed class AddressRanges(ClassBuilder classes, bool isV6, PooledList<AddressRange> ranges)
{
    private readonly Stack<(UInt128 Last, int Class)> _around = [];
    /// <summary>Adds the ranges in order, up to the last address; neighbours differ.</summary>
    public void Cut(ReadOnlySpan<PrefixEntry> prefixes)
    {
        var width = isV6 ? 128 : 32;
        _around.Push((Prefix.Mask(isV6, width), ClassBuilder.Empty));
        var rules = new List<int>();
        for (var i = 0; i < prefixes.Length;)
        {
            var (start, length, _) = prefixes[i];
            rules.Clear();
            for (; i < prefixes.Length && prefixes[i].Start == start && prefixes[i].Length == length; i++)
            {
                // A rule may name a peer twice.
                if (rules.Count == 0 || rules[^1] != prefixes[i].Rule)
                {
                    rules.Add(prefixes[i].Rule);
                }
            }

            while (_around.Peek().Last < start)
            {
                Close();
            }

            if (start > 0)
            {
                Extend(start - 1, _around.Peek().Class);
            }

            var last = start | (Prefix.Mask(isV6, width) & ~Prefix.Mask(isV6, length));
            _around.Push((last, classes.Derive(_around.Peek().Class, CollectionsMarshal.AsSpan(rules))));
        }

        while (_around.Count > 0)
        {
            Close();
        }
    }

    private void Close()
    {
        var (last, inner) = _around.Pop();
        Extend(last, inner);
    }

    /// <summary>Addresses up to <paramref name="last"/> that have no class yet get <paramref name="of"/>.</summary>
    private void Extend(UInt128 last, int of)
    {
        var reference = classes.Reference(of);
        if (ranges.Count > 0 && ranges[^1].Last >= last)
        {
            return;
        }

        if (ranges.Count > 0 && ranges[^1].Reference == reference)
        {
            ranges.RemoveLast();
        }

        ranges.Add(new AddressRange(last, reference));
    }
}
