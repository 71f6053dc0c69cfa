using System.Collections.Immutable;

namespace EbpfPersonas.Personas.Model;

/// <summary>One revision of a persona, checked: what the compiler compiles and the reference verdict reads.</summary>
public sealed record Persona
{
    /// <summary>The most tests that one persona may bring along; each is judged against every rule.</summary>
    public const int MaxTests = 1000;

    /// <summary>The persona's name.</summary>
    public required string Name { get; init; }

    /// <summary>The controller's number of this revision, from 1.</summary>
    public required ulong Revision { get; init; }

    /// <summary>Verdict for ingress flows that no rule matches.</summary>
    public required RuleAction DefaultIngress { get; init; }

    /// <summary>Verdict for egress flows that no rule matches.</summary>
    public required RuleAction DefaultEgress { get; init; }

    /// <summary>Rules in evaluation order (<see cref="RulePrecedence"/>): the first that matches decides.</summary>
    public required ImmutableArray<Rule> Rules { get; init; }

    /// <summary>Carried out or only counted.</summary>
    public EnforcementMode Mode { get; init; } = EnforcementMode.Enforce;

    /// <summary>
    /// When it comes into force: flows that both ends have spoken in go on, also where its rules deny them.
    /// </summary>
    public bool KeepEstablished { get; init; }

    /// <summary>
    /// How long after a switch to it a new connection to the controller may take to succeed, 1 ms to 366 days, before
    /// the VM returns to what was there before; null where that is not waited for.
    /// </summary>
    public TimeSpan? ConfirmTimeout { get; init; }

    /// <summary>What the author expects of the rules, in the document's order.</summary>
    public ImmutableArray<VerdictTest> Tests { get; init; } = [];

    /// <summary>The default of one direction.</summary>
    public RuleAction Default(Direction direction) => direction == Direction.Ingress ? DefaultIngress : DefaultEgress;
}
