using System.Collections.Immutable;
using EbpfPersonas.Personas.Compile.Layout;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// Every rule of a persona as port entries: the lanes and keys that it matches, whatever the address. Keys are those of
/// enum lane in bpf/abi.
/// </summary>
internal sealed class RuleEntries : IDisposable
{
    /// <summary>The rank has 23 bits.</summary>
    public const int RulesMax = (1 << 23) - 1;

    private readonly PooledList<PortEntry> _entries;
    private readonly PooledList<int> _starts;

    /// <summary>Reads all rules; there are no more than <see cref="RulesMax"/>.</summary>
    public RuleEntries(ImmutableArray<Rule> rules)
    {
        _entries = new PooledList<PortEntry>(rules.Length);
        _starts = new PooledList<int>(rules.Length + 1);
        _starts.Add(0);
        for (var number = 0; number < rules.Length; number++)
        {
            Add(rules[number], (uint)(rules.Length - number));
            _starts.Add(_entries.Count);
        }
    }

    /// <summary>The entries of one rule, which do not overlap; none where no packet can match it.</summary>
    public ReadOnlySpan<PortEntry> Of(int rule) =>
        _entries.Items[_starts[rule].._starts[rule + 1]];

    /// <inheritdoc/>
    public void Dispose()
    {
        _entries.Dispose();
        _starts.Dispose();
    }

    private void Add(Rule rule, uint rank)
    {
        var lanes = LanesOf(rule);
        if (lanes == 0)
        {
            return;
        }

        var tag = (rank * (uint)Tag.Rank) | (lanes * (uint)Tag.Lane) | (uint)rule.Action
            | (rule.Mode == EnforcementMode.Audit ? (uint)Tag.Audit : 0);
        if (!rule.Ports.IsEmpty)
        {
            AddPorts(rule.Ports, tag);
        }
        else if (rule.Icmp is { } icmp)
        {
            AddIcmp(icmp, tag);
        }
        else if (lanes == 1u << (int)Lane.Other)
        {
            Add(rule.Protocol!.Value << 8, (rule.Protocol.Value << 8) | 0xff, tag);
        }
        else
        {
            Add(0, ushort.MaxValue, tag);
        }
    }

    /// <summary>The lanes whose packets can match, as a set of bits.</summary>
    private static uint LanesOf(Rule rule)
    {
        var lanes = rule.Protocol is { } protocol ? 1u << (int)LaneOf(protocol) : LaneSet.Every;
        return lanes
            & (rule.Ports.IsEmpty ? LaneSet.Every : LaneSet.WithPorts)
            & (rule.Icmp is null ? LaneSet.Every : LaneSet.Icmp);
    }

    /// <summary>The lane of a protocol number.</summary>
    public static Lane LaneOf(byte protocol) => protocol switch
    {
        IpProtocol.Tcp => Lane.Tcp,
        IpProtocol.Udp => Lane.Udp,
        IpProtocol.Sctp => Lane.Sctp,
        IpProtocol.Icmp => Lane.Icmp,
        IpProtocol.IcmpV6 => Lane.Icmpv6,
        _ => Lane.Other,
    };

    /// <summary>Ranges that touch or overlap become one.</summary>
    private void AddPorts(ImmutableArray<PortRange> ranges, uint tag)
    {
        if (ranges.Length == 1)
        {
            Add(ranges[0].First, ranges[0].Last, tag);
            return;
        }

        var sorted = ranges.Sort((one, other) => one.First.CompareTo(other.First));
        int first = sorted[0].First, last = sorted[0].Last;
        foreach (var range in sorted.AsSpan()[1..])
        {
            if (range.First > last + 1)
            {
                Add(first, last, tag);
                first = range.First;
            }

            last = Math.Max(last, range.Last);
        }

        Add(first, last, tag);
    }

    private void AddIcmp(IcmpMatch icmp, uint tag)
    {
        if (icmp.Type is { } type)
        {
            Add((type << 8) | (icmp.Code ?? 0), (type << 8) | (icmp.Code ?? 0xff), tag);
            return;
        }

        if (icmp.Code is not { } code)
        {
            Add(0, ushort.MaxValue, tag);
            return;
        }

        for (var any = 0; any <= byte.MaxValue; any++)
        {
            Add((any << 8) | code, (any << 8) | code, tag);
        }
    }

    private void Add(int first, int last, uint tag) =>
        _entries.Add(new PortEntry { First = (ushort)first, Last = (ushort)last, Tag = tag });
}
