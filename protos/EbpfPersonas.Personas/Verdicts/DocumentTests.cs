using System.Collections.Immutable;
using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Personas.Verdicts;

/// <summary>Runs the tests that a persona brings along.</summary>
public static class DocumentTests
{
    /// <summary>The tests that fail by the meaning of the rules, in the document's order.</summary>
    public static ImmutableArray<TestFailure> Run(Persona persona) => Run(persona, packet =>
    {
        var verdict = ReferenceVerdict.Judge(persona, packet);
        return (verdict.Action, verdict.Rule?.Id);
    });

    /// <summary>
    /// The tests that fail, in the document's order, where <paramref name="judge"/> says what becomes of the first
    /// packet of a flow and the id of the rule that decides (null for the default).
    /// </summary>
    public static ImmutableArray<TestFailure> Run(
        Persona persona, Func<Packet, (RuleAction Action, string? Rule)> judge)
    {
        ArgumentNullException.ThrowIfNull(persona);
        ArgumentNullException.ThrowIfNull(judge);
        var failures = ImmutableArray.CreateBuilder<TestFailure>();
        for (var i = 0; i < persona.Tests.Length; i++)
        {
            var test = persona.Tests[i];
            var (action, rule) = judge(test.Packet);
            if (!test.IsMetBy(action))
            {
                failures.Add(new TestFailure(i, test, action, rule));
            }
        }

        return failures.ToImmutable();
    }
}
