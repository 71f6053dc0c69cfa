using System.Globalization;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;

namespace EbpfPersonas.Personas.Compile;

/// <summary>
/// Holds a compiled persona against the meaning of its rules, at packets where a mistake of the compiler would show. A
/// spot check at a bounded price: what it does not look at may still be wrong.
/// </summary>
public static class CompilerCheck
{
    /// <summary>Packets that are judged at most.</summary>
    public const int PacketsMax = 64;

    /// <summary>
    /// Rules that may be asked, all packets together: the plain meaning goes through all rules for each packet. One
    /// packet is judged however many rules there are.
    /// </summary>
    public const int RulesAskedMax = 32_768;

    /// <summary>
    /// The first packet of which <paramref name="compiled"/> says something else than <paramref name="persona"/> means,
    /// in action, rule or audited rule; null where there is none.
    /// </summary>
    public static CompiledDifference? Find(Persona persona, CompiledPersona compiled)
    {
        ArgumentNullException.ThrowIfNull(persona);
        ArgumentNullException.ThrowIfNull(compiled);
        var count = Math.Clamp(RulesAskedMax / Math.Max(persona.Rules.Length, 1), 1, PacketsMax);
        var reader = new CompiledReader(compiled);
        foreach (var packet in BorderPackets.Of(persona, count))
        {
            var meant = ReferenceVerdict.Judge(persona, packet);
            var meaning = Words(meant.Action, meant.Rule?.Id, meant.Audited?.Id);
            var said = Read(reader, compiled, packet);
            if (meaning != said)
            {
                return new CompiledDifference(packet, meaning, said);
            }
        }

        return null;
    }

    private static string Read(CompiledReader reader, CompiledPersona compiled, Packet packet)
    {
        try
        {
            var (action, rule, audited) = reader.Judge(packet);
            return Words(action, Id(rule), Id(audited));
        }
        catch (InvalidDataException damaged)
        {
            return damaged.Message;
        }

        string? Id(int number) => number switch
        {
            -1 => null,
            _ when (uint)number < (uint)compiled.RuleIds.Length => compiled.RuleIds[number],
            _ => throw new InvalidDataException(
                string.Create(CultureInfo.InvariantCulture, $"a rule with the number {number}")),
        };
    }

    private static string Words(RuleAction action, string? rule, string? audited)
    {
        var word = action switch
        {
            RuleAction.Allow => "allow",
            RuleAction.Deny => "deny",
            RuleAction.Reject => "reject",
            _ => string.Create(CultureInfo.InvariantCulture, $"action {(int)action}"),
        };
        return $"{word} by {rule ?? "the default"}{(audited is null ? "" : $", audited by {audited}")}";
    }
}
