using System.Runtime.InteropServices;
using EbpfPersonas.Personas.Compile.Layout;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// Reads a compiled persona back, from its bytes alone: looks a packet up as the kernel does (bpf/lib/classify.h), and
/// lists what is in there.
/// </summary>
public sealed class CompiledReader(CompiledPersona persona)
{
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
    /// What a port tree says of the keys of one lane, neighbours with the same tag together; what has no tag is left out.
    /// </summary>
    public IEnumerable<PortEntry> Tree(int line, Lane lane, bool isAudited)
    {
        var branch = Branch(line, (int)lane + (isAudited ? PortBranch.Audit : 0));
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

    private int FindClass(uint reference, IpAddress address)
    {
        for (var shift = address.Width - 32; (reference & (uint)Reference.Class) == 0; shift -= 32)
        {
            var word = (uint)(address.Bits >> shift);
            while (true)
            {
                var node = PolicyLine.As<AddressNode>(ref LineAt((int)reference));
                var interval = 0;
                foreach (var last in node.Last)
                {
                    interval += last < word ? 1 : 0;
                }

                if ((node.First & (uint)AddressNodeFlags.Leaf) != 0)
                {
                    reference = LineAt((int)reference + 1).Word[interval];
                    break;
                }

                var stride = (node.First & (uint)AddressNodeFlags.AboveLeaves) != 0 ? 2 : 1;
                reference = (node.First & (uint)AddressNodeFlags.Line) + (uint)(interval * stride);
            }
        }

        return (int)(reference & (uint)Reference.Line);
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

        return record.Ports == 0
            ? (enforced, audited)
            : (Math.Max(enforced, TreeTag((int)record.Ports, (int)lane, key)),
                Math.Max(audited, TreeTag((int)record.Ports, PortBranch.Audit + (int)lane, key)));
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
        if ((reference & (uint)Reference.Class) != 0)
        {
            var below = (((UInt128)uint.MaxValue + 1) << shift) - 1;
            return [(start | below, (int)(reference & (uint)Reference.Line))];
        }

        return Words((int)reference, uint.MaxValue, 0).SelectMany(word =>
            (word.Reference & (uint)Reference.Class) != 0
                ? [(start | ((UInt128)word.Last << shift) | (((UInt128)1 << shift) - 1),
                    (int)(word.Reference & (uint)Reference.Line))]
                : Intervals(word.Reference, start | ((UInt128)word.Last << shift), shift - 32));
    }

    /// <summary>The intervals of one word below a node that holds those from first to end.</summary>
    private IEnumerable<(uint Last, uint Reference)> Words(int line, uint end, ulong first)
    {
        var node = PolicyLine.As<AddressNode>(ref LineAt(line));
        for (var i = 0; i < 16 && first <= end; i++)
        {
            var last = i < 15 ? Math.Min(node.Last[i], end) : end;
            if ((node.First & (uint)AddressNodeFlags.Leaf) != 0)
            {
                yield return (last, LineAt(line + 1).Word[i]);
            }
            else
            {
                var stride = (node.First & (uint)AddressNodeFlags.AboveLeaves) != 0 ? 2 : 1;
                foreach (var below in Words((int)(node.First & (uint)AddressNodeFlags.Line) + (i * stride), last, first))
                {
                    yield return below;
                }
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
        MemoryMarshal.Cast<PolicyLine, PortBranch>(persona.Lines.Span.Slice(node, 2))[index];

    private ref PolicyLine LineAt(int line) => ref MemoryMarshal.GetReference(persona.Lines.Span[line..]);
}
