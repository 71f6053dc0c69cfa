using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Benchmarks.Peers;

/// <summary>What the first match in a list of rules says of each port of one protocol.</summary>
internal static class PortSegments
{
    /// <summary>Disjoint, in order, covering all ports; neighbours differ. What no rule matches is denied.</summary>
    public static List<(PortRange Ports, bool Allow)> Of(IEnumerable<PeerRule> rules, byte protocol)
    {
        var decided = new List<(PortRange Ports, bool Allow)>();
        foreach (var rule in rules.Where(rule => rule.Protocol is null || rule.Protocol == protocol))
        {
            foreach (var free in Gaps(decided, rule.Ports).ToList())
            {
                decided.Insert(decided.FindIndex(segment => segment.Ports.First > free.Last) is var at and >= 0
                    ? at : decided.Count, (free, rule.Allow));
            }
        }

        foreach (var free in Gaps(decided, PortRange.All).ToList())
        {
            decided.Insert(decided.FindIndex(segment => segment.Ports.First > free.Last) is var at and >= 0
                ? at : decided.Count, (free, false));
        }

        return Merge(decided);
    }

    /// <summary>The prefixes (value and length) that together are a range, at most 30.</summary>
    public static IEnumerable<(ushort Port, int Length)> Prefixes(PortRange range)
    {
        var at = (int)range.First;
        while (at <= range.Last)
        {
            var size = at == 0 ? 65536 : at & -at;
            while (at + size - 1 > range.Last)
            {
                size /= 2;
            }

            yield return ((ushort)at, 16 - int.Log2(size));
            at += size;
        }
    }

    private static IEnumerable<PortRange> Gaps(List<(PortRange Ports, bool Allow)> decided, PortRange within)
    {
        var next = (int)within.First;
        foreach (var (ports, _) in decided)
        {
            if (ports.First > within.Last)
            {
                break;
            }

            if (ports.First > next)
            {
                yield return new PortRange((ushort)next, (ushort)(ports.First - 1));
            }

            next = Math.Max(next, ports.Last + 1);
        }

        if (next <= within.Last)
        {
            yield return new PortRange((ushort)next, within.Last);
        }
    }

    private static List<(PortRange Ports, bool Allow)> Merge(List<(PortRange Ports, bool Allow)> segments)
    {
        var merged = new List<(PortRange Ports, bool Allow)>();
        foreach (var segment in segments)
        {
            if (merged.Count > 0 && merged[^1].Allow == segment.Allow)
            {
                merged[^1] = (merged[^1].Ports with { Last = segment.Ports.Last }, segment.Allow);
            }
            else
            {
                merged.Add(segment);
            }
        }

        return merged;
    }
}
