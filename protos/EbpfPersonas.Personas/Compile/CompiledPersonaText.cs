using System.Globalization;
using System.Text;
using EbpfPersonas.Personas.Compile.Layout;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// A compiled persona as text that a person can check, read back from its bytes: rules, then for each direction and
/// family its address intervals with their class, then the classes and the port trees they share.
/// </summary>
public sealed class CompiledPersonaText
{
    private static readonly string[] RootNames = ["ingress ipv4", "ingress ipv6", "egress ipv4", "egress ipv6"];
    private static readonly string[] LaneNames = ["tcp", "udp", "sctp", "icmp", "icmpv6", "other"];

    private readonly CompiledPersona _persona;
    private readonly CompiledReader _reader;
    private readonly StringBuilder _text = new();

    private CompiledPersonaText(CompiledPersona persona) =>
        (_persona, _reader) = (persona, new CompiledReader(persona));

    /// <summary>The whole dump, each line ended by a newline.</summary>
    public static string Dump(CompiledPersona persona)
    {
        ArgumentNullException.ThrowIfNull(persona);
        var text = new CompiledPersonaText(persona);
        text.Write();
        return text._text.ToString();
    }

    private void Write()
    {
        var size = _persona.Size;
        var audit = _persona.Mode == EnforcementMode.Audit ? " audit" : "";
        Line($"persona {_persona.Name}{audit}{(_persona.KeepEstablished ? " keeps established flows" : "")}");
        Line($"default ingress {Word(_persona.DefaultIngress)} egress {Word(_persona.DefaultEgress)}");
        Line($"size {size.Rules} rules, {size.Intervals} intervals, {size.Classes} classes, {size.Octets} octets");
        Line($"lines {size.AddressLines} for addresses, {size.PortLines} for ports");
        for (var number = 0; number < _persona.RuleIds.Length; number++)
        {
            Line($"rule {number} {_persona.RuleIds[number]}");
        }

        var classes = new SortedSet<int>();
        for (var root = 0; root < RootNames.Length; root++)
        {
            WriteIntervals(root, classes);
        }

        var trees = new SortedSet<int>();
        foreach (var line in classes)
        {
            WriteClass(line, trees);
        }

        foreach (var line in trees)
        {
            WriteTree(line);
        }
    }

    private void WriteIntervals(int root, SortedSet<int> classes)
    {
        Line($"{RootNames[root]}");
        var isV6 = root % 2 == 1;
        var first = new IpAddress(isV6, 0);
        foreach (var (last, line) in _reader.Intervals(_persona.Roots[root], isV6))
        {
            classes.Add(line);
            Line($"  {(first == last ? $"{first}" : $"{first}-{last}")} class {line}");
            first = last with { Bits = last.Bits + 1 };
        }
    }

    private void WriteClass(int line, SortedSet<int> trees)
    {
        var record = _reader.Class(line);
        Line($"class {line}");
        foreach (var entry in record.Entry)
        {
            if (entry.Tag != 0)
            {
                Line($"  {Lanes(entry)} {Describe(entry, entry.Lanes)}");
            }
        }

        if (record.Intervals != 0)
        {
            foreach (var (number, entry) in _reader.PortIntervals((int)record.Intervals))
            {
                Line($"  {LaneNames[number]} {Describe(entry, 1u << number)}");
            }
        }

        if (record.Ports != 0)
        {
            trees.Add((int)record.Ports);
            Line($"  tree {record.Ports}");
        }
    }

    private void WriteTree(int line)
    {
        Line($"tree {line}");
        foreach (var isAudited in (ReadOnlySpan<bool>)[false, true])
        {
            for (var lane = Lane.Tcp; lane < Lane.Count; lane++)
            {
                foreach (var entry in _reader.Tree(line, lane, isAudited))
                {
                    Line($"  {LaneNames[(int)lane]} {Describe(entry, 1u << (int)lane)}");
                }
            }
        }
    }

    private static string Lanes(PortEntry entry) => entry.Lanes == LaneSet.Every
        ? "any"
        : string.Join(
            ',', LaneNames.Where((_, lane) => (entry.Lanes & (1u << lane)) != 0));

    private string Describe(PortEntry entry, uint lanes) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Keys(entry, lanes)} {Word((RuleAction)(entry.Tag & (uint)Tag.Action))} rule {_persona.RuleNumber(entry.Tag)}"
        + $"{(entry.IsAudited ? " audit" : "")}");

    /// <summary>Ports as they are, ICMP as type/code, and other protocols as their number.</summary>
    private static string Keys(PortEntry entry, uint lanes)
    {
        if (entry.IsWhole)
        {
            return "*";
        }

        if ((lanes & LaneSet.WithPorts) != 0)
        {
            return new PortRange(entry.First, entry.Last).ToString();
        }

        return lanes == 1u << (int)Lane.Other
            ? new PortRange((ushort)(entry.First >> 8), (ushort)(entry.Last >> 8)).ToString()
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{entry.First >> 8}/{entry.First & 0xff}-{entry.Last >> 8}/{entry.Last & 0xff}");
    }

    private void Line(FormattableString line) => _text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private static string Word(RuleAction action) => action switch
    {
        RuleAction.Allow => "allow",
        RuleAction.Deny => "deny",
        RuleAction.Reject => "reject",
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, null),
    };
}
