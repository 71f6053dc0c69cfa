using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Verdicts;

/// <summary>
/// A test of a persona that came out otherwise: the test's place in <see cref="Persona.Tests"/>, the action that was
/// taken, and the id of the rule that took it, or null for the default.
/// </summary>
public sealed record TestFailure(int Index, VerdictTest Test, RuleAction Action, string? Rule)
{
    /// <summary>"Expected allow for egress tcp 10.0.0.11 port 3306, but it is deny by the default."</summary>
    public string Sentence =>
        $"Expected {Word(Test.Expect)} for {Test.Packet.Words}, but it is {Word(Action)} by {Rule ?? "the default"}.";

    /// <summary>The sentence behind the place: "tests[1]: Expected ...".</summary>
    public override string ToString() => FormattableString.Invariant($"tests[{Index}]: {Sentence}");

    private static string Word(RuleAction action) => action switch
    {
        RuleAction.Allow => "allow",
        RuleAction.Deny => "deny",
        RuleAction.Reject => "reject",
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, null),
    };
}
