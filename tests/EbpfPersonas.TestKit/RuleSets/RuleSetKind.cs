using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Fuzzing;

namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>
/// A kind of rule set. The same shape gives the same rules, in an order that a document can express: all are
/// <c>firewall_rules</c>, and both defaults deny.
/// </summary>
public abstract class RuleSetKind
{
    /// <summary>A word for tables and command lines.</summary>
    public abstract string Name { get; }

    /// <summary>The persona; it has exactly <see cref="RuleSetShape.Rules"/> rules.</summary>
    public Persona Make(RuleSetShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        var draw = new RuleDraw(new Prng(shape.Seed), shape);
        return new Persona
        {
            Name = Name,
            Revision = 1,
            DefaultIngress = RuleAction.Deny,
            DefaultEgress = RuleAction.Deny,
            Rules = RulePrecedence.Order(Enumerable.Range(0, shape.Rules).Select(index => MakeRule(draw, index))),
        };
    }

    /// <summary>Draws rule number <paramref name="index"/>; they are asked for in order.</summary>
    protected abstract Rule MakeRule(RuleDraw draw, int index);
}
