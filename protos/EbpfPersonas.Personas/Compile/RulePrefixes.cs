using System.Collections.Immutable;
using System.Globalization;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// The prefixes that the rules of one direction hold for, in one family. What a rule excepts is cut out: the rest of
/// the peer is the prefixes beside the way down to what is excepted, at most one for each bit.
/// </summary>
internal static class RulePrefixes
{
    /// <summary>
    /// Prefixes of one direction and family: n of them make up to 2n + 1 intervals, and the filter walks trees of 5
    /// levels, 16^5 intervals (bpf/lib/intervals.h).
    /// </summary>
    public const int PrefixesMax = (1 << 19) - 1;

    /// <summary>
    /// Sorted, to be disposed of; throws <see cref="PersonaTooLargeException"/> as soon as there are too many.
    /// </summary>
    public static PooledList<PrefixEntry> Of(Persona persona, RuleEntries rules, Direction direction, bool isV6)
    {
        var entries = new PooledList<PrefixEntry>(persona.Rules.Length);
        for (var number = 0; number < persona.Rules.Length; number++)
        {
            var rule = persona.Rules[number];
            if (rule.Direction != direction || rules.Of(number).IsEmpty)
            {
                continue;
            }

            var holes = Holes(rule.Except, isV6);
            if (rule.Peers.IsEmpty)
            {
                Cut(new Prefix(new IpAddress(isV6, 0), 0), holes, number);
            }

            foreach (var peer in rule.Peers)
            {
                if (peer.Address.IsV6 == isV6)
                {
                    Cut(peer, holes, number);
                }
            }
        }

        PrefixEntry.Sort(entries.Items, isV6);
        return entries;

        void Cut(Prefix peer, ReadOnlySpan<Prefix> holes, int rule)
        {
            var inside = holes.IsEmpty ? holes : Meeting(peer, holes);
            if (inside.IsEmpty)
            {
                entries.Add(new PrefixEntry(peer.Address.Bits, peer.Length, rule));
                if (entries.Count > PrefixesMax)
                {
                    throw new PersonaTooLargeException(string.Create(
                        CultureInfo.InvariantCulture,
                        $"Persona {persona.Name} needs more than {PrefixesMax} prefixes: rules times peers, and what "
                        + $"is cut out of them."));
                }
            }
            else if (!inside[0].Contains(peer))
            {
                var half = (UInt128)1 << (peer.Address.Width - peer.Length - 1);
                Cut(new Prefix(peer.Address, peer.Length + 1), inside, rule);
                Cut(
                    new Prefix(peer.Address with { Bits = peer.Address.Bits | half }, peer.Length + 1), inside, rule);
            }
        }
    }

    /// <summary>
    /// What a rule excepts in one family, sorted, without what lies in another one: they do not overlap.
    /// </summary>
    private static Prefix[] Holes(ImmutableArray<Prefix> excepts, bool isV6)
    {
        // Nearly every rule: not a thing is made for it.
        if (excepts.IsEmpty)
        {
            return [];
        }

        var holes = new List<Prefix>(excepts.Length);
        foreach (var except in excepts
            .Where(except => except.Address.IsV6 == isV6)
            .OrderBy(except => except.Address.Bits).ThenBy(except => except.Length))
        {
            if (holes.Count == 0 || !holes[^1].Contains(except))
            {
                holes.Add(except);
            }
        }

        return [.. holes];
    }

    /// <summary>The holes that have an address in common with the peer; they stand in a row.</summary>
    private static ReadOnlySpan<Prefix> Meeting(Prefix peer, ReadOnlySpan<Prefix> holes)
    {
        var first = CountWhere(holes, hole => hole.Last.Bits < peer.Address.Bits);
        var end = CountWhere(holes, hole => hole.Address.Bits <= peer.Last.Bits);
        return holes[first..end];
    }

    /// <summary>How many holes at the beginning are so; none behind one that is not so is.</summary>
    private static int CountWhere(ReadOnlySpan<Prefix> holes, Func<Prefix, bool> isSo)
    {
        var (low, high) = (0, holes.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (isSo(holes[middle]))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
