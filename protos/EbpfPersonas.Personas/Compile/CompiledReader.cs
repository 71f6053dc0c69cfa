using System.Runtime.InteropServices;
using EbpfPersonas.Personas.Compile.Layout;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// Reads a compiled persona back, from its bytes alone: looks a packet up as the kernel does (bpf/lib/classify.h), and
/// lists what is in there. Throws <see cref="InvalidDataException"/> where references lead nowhere.
/// </summary>
public sealed class CompiledReader(CompiledPersona persona)
{
    /// <summary>INTERVAL_LEVELS_MAX of bpf/lib.</summary>
    private const int LevelsMax = 5;

    /// <summary>
    /// The action for the first packet of a flow; the number of the rule that decides, and of the first one in audit
    /// mode that would have decided earlier, -1 for none.
    /// </summary>
    public (RuleAction Action, int Rule, int Audited) Judge(Packet packet)
    {
        ArgumentNullException.ThrowIfNull(packet);
        var root = (packet.Direction == Direction.Egress ? 2 : 0) + (packet.Peer.IsV6 ? 1 : 0);
        var lane = RuleEntries.LaneOf(packet.Protocol);
        var key = packet.HasPorts ? packet.Port
            : packet.IsIcmp ? (packet.IcmpType << 8) | packet.IcmpCode
            : packet.Protocol << 8;
        var (enforced, audited) = Match(FindClass(persona.Roots[root], packet.Peer), lane, key);
        return (
            enforced == 0
                ? packet.Direction == Direction.Ingress ? persona.DefaultIngress : persona.DefaultEgress
                : (RuleAction)(enforced & (uint)Tag.Action),
            enforced == 0 ? -1 : persona.RuleNumber(enforced),
            audited <= enforced ? -1 : persona.RuleNumber(audited));
    }

    /// <summary>The address intervals of a root: the last address of each, and the line of its class.</summary>
    public IEnumerable<(IpAddress Last, int Class)> Intervals(uint root, bool isV6) =>
        Intervals(root, 0, isV6 ? 96 : 0).Select(found => (new IpAddress(isV6, found.Last), found.Class));

    /// <summary>The record of a class.</summary>
    public ClassRecord Class(int line) => PolicyLine.As<ClassRecord>(ref LineAt(line));

    /// <summary>
    /// What a port tree says of the keys of one lane, neighbours with the same tag together; what has no tag is left
    /// out.
    /// </summary>
    public IEnumerable<PortEntry> Tree(int line, Lane lane, bool isAudited)
    {
        var branch = Branch(line, (int)lane + (isAudited ? LaneSet.Audit : 0));
        var run = default(PortEntry);
        foreach (var part in Below(branch, 0, 16, branch.Tag))
        {
            if (part.Tag == run.Tag)
            {
                run.Last = part.Last;
                continue;
            }

            if (run.Tag != 0)
            {
                yield return run;
            }

            run = part;
        }

        if (run.Tag != 0)
        {
            yield return run;
        }
    }

    /// <summary>
    /// What the interval tree of a class says: the lane of each interval that has a tag, and its keys.
    /// </summary>
    public IEnumerable<(int Lane, PortEntry Entry)> PortIntervals(int line)
    {
        ulong first = 0;
        foreach (var (last, tag) in Numbers(line, uint.MaxValue, 0))
        {
            // Equal neighbours are one interval, also where one is the end of a lane.
            for (var start = first; start <= last && tag != 0;)
            {
                var end = Math.Min(last, start | ushort.MaxValue);
                var keys = new PortEntry { First = (ushort)start, Last = (ushort)end, Tag = tag };
                yield return ((int)(start >> LaneSet.Shift) % LaneSet.Audit, keys);
                start = end + 1;
            }

            first = last + 1ul;
        }
    }

    private int FindClass(uint reference, IpAddress address)
    {
        for (var shift = address.Width - 32; !IsDecided(reference); shift -= 32)
        {
            reference = shift >= 0
                ? Find((int)reference, (uint)(address.Bits >> shift))
                : throw new InvalidDataException("an address that ends before it is decided");
        }

        if ((reference & (uint)Reference.List) != 0)
        {
            foreach (var (last, found) in List(reference, 0))
            {
                if ((UInt128)(address.Bits << 32 >> 32) <= last)
                {
                    reference = found;
                    break;
                }
            }
        }

        return LineOf(reference);
    }

    private static bool IsDecided(uint reference) => (reference & (uint)(Reference.Class | Reference.List)) != 0;

    private static int LineOf(uint reference) => (int)(reference & (uint)Reference.Line);

    /// <summary>The value of the interval that holds the number.</summary>
    private uint Find(int line, uint number)
    {
        for (var level = 0; level < LevelsMax; level++)
        {
            var node = PolicyLine.As<IntervalNode>(ref LineAt(line));
            var interval = 0;
            foreach (var last in node.Last)
            {
                interval += last < number ? 1 : 0;
            }

            if ((node.First & (uint)IntervalNodeFlags.Leaf) != 0)
            {
                return LineAt(line + 1).Word[interval];
            }

            line = Child(node, interval);
        }

        throw new InvalidDataException($"an interval tree of more than {LevelsMax} levels");
    }

    private static int Child(IntervalNode node, int interval) =>
        (int)(node.First & (uint)IntervalNodeFlags.Line)
        + (interval * ((node.First & (uint)IntervalNodeFlags.AboveLeaves) != 0 ? 2 : 1));

    /// <summary>The intervals of a list whose addresses begin as <paramref name="start"/> does.</summary>
    private IEnumerable<(UInt128 Last, uint Reference)> List(uint reference, UInt128 start)
    {
        var list = MemoryMarshal.Cast<PolicyLine, AddressList>(LinesAt(LineOf(reference), 2))[0];
        for (var i = 0; i < AddressList.Capacity; i++)
        {
            var interval = list.Interval[i];
            yield return (
                (start >> 96 << 96) | ((UInt128)interval.Last[0] << 64) | ((UInt128)interval.Last[1] << 32)
                | interval.Last[2],
                interval.Reference);
        }
    }

    private (uint Enforced, uint Audited) Match(int line, Lane lane, int key)
    {
        var record = Class(line);
        uint enforced = 0, audited = 0;
        foreach (var entry in record.Entry)
        {
            if (entry.Tag == 0 || enforced != 0)
            {
                break;
            }

            if (entry.First <= key && key <= entry.Last && (entry.Lanes & (1u << (int)lane)) != 0)
            {
                _ = entry.IsAudited ? audited = Math.Max(audited, entry.Tag) : enforced = entry.Tag;
            }
        }

        if (record.Intervals != 0)
        {
            var number = ((uint)lane << LaneSet.Shift) | (uint)key;
            enforced = Math.Max(enforced, Find((int)record.Intervals, number));
            audited = Math.Max(audited, Find((int)record.Intervals, number | (LaneSet.Audit << LaneSet.Shift)));
        }

        return record.Ports == 0
            ? (enforced, audited)
            : (Math.Max(enforced, TreeTag((int)record.Ports, (int)lane, key)),
                Math.Max(audited, TreeTag((int)record.Ports, LaneSet.Audit + (int)lane, key)));
    }

    private uint TreeTag(int node, int index, int key)
    {
        var tag = 0u;
        for (var shift = 12; shift >= 0; shift -= 4)
        {
            var branch = Branch(node, index);
            tag = Math.Max(tag, branch.Tag);
            if (branch.Child == 0)
            {
                return tag;
            }

            node = (int)branch.Child;
            index = (key >> shift) & 15;
        }

        return Math.Max(tag, LineAt(node).Word[index]);
    }

    private IEnumerable<(UInt128 Last, int Class)> Intervals(uint reference, UInt128 start, int shift)
    {
        var end = start | ((((UInt128)uint.MaxValue + 1) << shift) - 1);
        if ((reference & (uint)Reference.Class) != 0)
        {
            yield return (end, LineOf(reference));
        }
        else if ((reference & (uint)Reference.List) != 0)
        {
            foreach (var (last, found) in List(reference, start))
            {
                yield return (last < end ? last : end, LineOf(found));
                if (last >= end)
                {
                    break;
                }
            }
        }
        else
        {
            foreach (var (last, below) in Numbers((int)reference, uint.MaxValue, 0))
            {
                var inner = start | ((UInt128)last << shift);
                IEnumerable<(UInt128, int)> parts = (below & (uint)Reference.Class) != 0
                    ? [(inner | (((UInt128)1 << shift) - 1), LineOf(below))]
                    : Intervals(below, inner, shift - 32);
                foreach (var part in parts)
                {
                    yield return part;
                }
            }
        }
    }

    /// <summary>The intervals below a node that holds the numbers from first to end.</summary>
    private IEnumerable<(uint Last, uint Value)> Numbers(int line, uint end, ulong first)
    {
        var node = PolicyLine.As<IntervalNode>(ref LineAt(line));
        for (var i = 0; i < 16 && first <= end; i++)
        {
            var last = i < 15 ? Math.Min(node.Last[i], end) : end;
            IEnumerable<(uint, uint)> parts = (node.First & (uint)IntervalNodeFlags.Leaf) != 0
                ? [(last, LineAt(line + 1).Word[i])]
                : Numbers(Child(node, i), last, first);
            foreach (var part in parts)
            {
                yield return part;
            }

            first = last + 1ul;
        }
    }

    private IEnumerable<PortEntry> Below(PortBranch branch, int first, int bits, uint floor)
    {
        if (branch.Child == 0)
        {
            return [Keys(first, bits, floor)];
        }

        var below = bits - 4;
        return Enumerable.Range(0, 16).SelectMany(i =>
        {
            var start = first + (i << below);
            if (below == 0)
            {
                return [Keys(start, 0, Math.Max(floor, LineAt((int)branch.Child).Word[i]))];
            }

            var inner = Branch((int)branch.Child, i);
            return Below(inner, start, below, Math.Max(floor, inner.Tag));
        });
    }

    private static PortEntry Keys(int first, int bits, uint tag) =>
        new() { First = (ushort)first, Last = (ushort)(first + (1 << bits) - 1), Tag = tag };

    private PortBranch Branch(int node, int index) =>
        MemoryMarshal.Cast<PolicyLine, PortBranch>(LinesAt(node, 2))[index];

    private ref PolicyLine LineAt(int line) => ref MemoryMarshal.GetReference(LinesAt(line, 1));

    private ReadOnlySpan<PolicyLine> LinesAt(int line, int count) =>
        line >= 0 && line <= persona.Lines.Length - count
            ? persona.Lines.Span.Slice(line, count)
            : throw new InvalidDataException($"a reference to line {line} of {persona.Lines.Length}");
}
