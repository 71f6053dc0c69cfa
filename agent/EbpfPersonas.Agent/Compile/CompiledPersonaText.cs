using System.Globalization;
using System.Numerics;
using System.Text;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Personas.Model;
using RuleAction = EbpfPersonas.Agent.Abi.RuleAction;

namespace EbpfPersonas.Agent.Compile;

/// <summary>A compiled persona as text that a person can check: one line an entry.</summary>
public static class CompiledPersonaText
{
    private static readonly string[] RunNames = ["ingress ipv4", "ingress ipv6", "egress ipv4", "egress ipv6"];

    /// <summary>The whole dump, each line ended by a newline.</summary>
    public static string Dump(CompiledPersona persona)
    {
        ArgumentNullException.ThrowIfNull(persona);
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"persona {persona.Name}{(persona.Flags.HasFlag(SlotFlags.Audit) ? " audit" : "")}\n");
        text.Append(
            CultureInfo.InvariantCulture,
            $"default ingress {Word(persona.DefaultAction[0])} egress {Word(persona.DefaultAction[1])}\n");
        for (var number = 0; number < persona.RuleIds.Length; number++)
        {
            text.Append(CultureInfo.InvariantCulture, $"rule {number} {persona.RuleIds[number]}\n");
        }

        for (var run = 0; run < persona.Runs.Length; run++)
        {
            text.Append(CultureInfo.InvariantCulture, $"run {RunNames[run]} {persona.Runs[run].Length}\n");
            for (var i = 0; i < persona.Runs[run].Length; i++)
            {
                text.Append(CultureInfo.InvariantCulture, $"  {i} {Line(persona.Runs[run][i], isV6: run % 2 == 1)}\n");
            }
        }

        return text.ToString();
    }

    private static string Line(RuleEntry entry, bool isV6)
    {
        var match = entry.Match;
        var length = 0;
        foreach (var word in entry.Mask)
        {
            length += BitOperations.PopCount(word);
        }

        var peer = new Prefix(entry.Peer.ToAddress(isV6), length);
        if (entry.Action == (uint)RuleAction.Skip)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{peer} skip rule {entry.Rule} to {entry.Next}");
        }

        var parts = new List<string> { peer.ToString() };
        parts.Add(match.HasFlag(RuleEntryMatch.Protocol) ? $"protocol {entry.Protocol}" : "any");
        if (match.HasFlag(RuleEntryMatch.Ports))
        {
            parts.Add($"port {new PortRange(entry.PortFirst, entry.PortLast)}");
        }

        if (match.HasFlag(RuleEntryMatch.Icmp))
        {
            var type = match.HasFlag(RuleEntryMatch.IcmpType) ? Number(entry.IcmpType) : "any";
            var code = match.HasFlag(RuleEntryMatch.IcmpCode) ? Number(entry.IcmpCode) : "any";
            parts.Add($"icmp {type}/{code}");
        }

        parts.Add(Word((RuleAction)entry.Action));
        parts.Add(string.Create(CultureInfo.InvariantCulture, $"rule {entry.Rule}"));
        if (match.HasFlag(RuleEntryMatch.Audit))
        {
            parts.Add("audit");
        }

        return string.Join(' ', parts);
    }

    private static string Number(byte value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Word(RuleAction action) => action switch
    {
        RuleAction.Allow => "allow",
        RuleAction.Deny => "deny",
        RuleAction.Reject => "reject",
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, null),
    };
}
