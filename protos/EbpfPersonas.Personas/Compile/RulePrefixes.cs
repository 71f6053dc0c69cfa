using System.Collections.Immutable;
using System.Globalization;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// The prefixes that the rules of one direction hold for, in one family. What a rule excepts is cut out: the rest of the
/// peer is the prefixes beside the way down to what is excepted, at most one for each bit.
/// </summary>
internal static class RulePrefixes
{
    /// <summary>
    /// Prefixes of one direction and family: n of them make up to 2n + 1 intervals, and the filter walks trees of 5
    /// levels, 16^5 intervals (bpf/lib/intervals.h).
    /// </summary>
    public const int PrefixesMax = (1 << 19) - 1;

    /// <summary>Sorted, to be disposed of; throws <see cref="PersonaTooLargeException"/>.</summary>
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

            if (rule.Peers.IsEmpty)
            {
                Cut(entries, new Prefix(new IpAddress(isV6, 0), 0), rule.Except, number);
            }

            foreach (var peer in rule.Peers)
            {
                if (peer.Address.IsV6 == isV6)
                {
                    Cut(entries, peer, rule.Except, number);
                }
            }

            if (entries.Count > PrefixesMax)
            {
                throw new PersonaTooLargeException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"Persona {persona.Name} needs more than {PrefixesMax} prefixes: rules times peers, and what is cut "
                    + $"out of them."));
            }
        }

        PrefixEntry.Sort(entries.Items, isV6);
        return entries;
    }

    private static void Cut(PooledList<PrefixEntry> entries, Prefix peer, ImmutableArray<Prefix> excepts, int rule)
    {
        if (excepts.IsEmpty)
        {
            entries.Add(new PrefixEntry(peer.Address.Bits, peer.Length, rule));
            return;
        }

        ImmutableArray<Prefix> inside = [.. excepts.Where(except => except.Contains(peer) || peer.Contains(except))];
        if (inside.IsEmpty)
        {
            entries.Add(new PrefixEntry(peer.Address.Bits, peer.Length, rule));
        }
        else if (!inside.Any(except => except.Contains(peer)))
        {
            var half = (UInt128)1 << (peer.Address.Width - peer.Length - 1);
            Cut(entries, new Prefix(peer.Address, peer.Length + 1), inside, rule);
            Cut(
                entries, new Prefix(peer.Address with { Bits = peer.Address.Bits | half }, peer.Length + 1), inside,
                rule);
        }
    }
}
