using EbpfPersonas.Personas.Verdicts;

namespace EbpfPersonas.Personas.Model;

/// <summary>
/// One of a persona's own tests: the first packet of a flow and what the rules are to say of it, whatever the persona's
/// enforcement mode. <paramref name="Expect"/> is <see cref="RuleAction.Allow"/>, or <see cref="RuleAction.Deny"/>,
/// which a rejected packet meets too.
/// </summary>
public sealed record VerdictTest(Packet Packet, RuleAction Expect)
{
    /// <summary>Whether <paramref name="action"/> is what the test expects.</summary>
    public bool IsMetBy(RuleAction action) => (action == RuleAction.Allow) == (Expect == RuleAction.Allow);
}
