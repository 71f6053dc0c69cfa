using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Personas.Tests.Activation;

public sealed class ActivationPolicyTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Candidate[] Candidates =
    [
        new("batch", 500, true), new("audit", 500, true), new("web", 499, false), new("database", 100, false),
        new("Zulu", 500, true), new("late", 1000, true), new("first", 0, false),
    ];

    [Fact]
    public void Without_anything_there_is_no_persona() =>
        Assert.Equal(new Decision(null, ActivationCause.None), ActivationPolicy.Decide(new Situation(), Now));

    [Fact]
    public void The_default_holds_while_no_trigger_is_live()
    {
        var situation = new Situation { Candidates = [new("web", 0, false)], Default = "base" };
        Assert.Equal(new Decision("base", ActivationCause.Default), ActivationPolicy.Decide(situation, Now));
    }

    [Fact]
    public void The_lowest_priority_number_wins()
    {
        var situation = new Situation { Candidates = [new("a", 500, true), new("z", 499, true)], Default = "base" };
        Assert.Equal(new Decision("z", ActivationCause.Trigger), ActivationPolicy.Decide(situation, Now));
    }

    [Fact]
    public void A_tie_goes_to_the_lower_name_octet_by_octet()
    {
        var situation = new Situation { Candidates = [new("b", 5, true), new("a", 5, true), new("a-1", 5, true)] };
        Assert.Equal("a", ActivationPolicy.Decide(situation, Now).Persona);
        situation = new Situation { Candidates = [new("a_b", 5, true), new("a-b", 5, true), new("a.b", 5, true)] };
        Assert.Equal("a-b", ActivationPolicy.Decide(situation, Now).Persona);
    }

    [Fact]
    public void The_order_of_the_candidates_does_not_matter()
    {
        foreach (var held in new[] { null, "web", "database", "unbound" })
        {
            var answers = Permutations(Candidates)
                .Select(order => ActivationPolicy.Decide(new Situation { Candidates = [.. order], Held = held }, Now))
                .Distinct()
                .ToArray();
            Assert.Single(answers);
            Assert.Equal(held is "web" or "database" ? held : "Zulu", answers[0].Persona);
        }
    }

    [Fact]
    public void A_held_persona_competes_as_if_its_trigger_were_live()
    {
        var situation = new Situation { Candidates = [new("held", 500, false), new("live", 600, true)], Held = "held" };
        Assert.Equal(new Decision("held", ActivationCause.Trigger), ActivationPolicy.Decide(situation, Now));
        situation = situation with { Candidates = [new("held", 500, false), new("live", 400, true)] };
        Assert.Equal("live", ActivationPolicy.Decide(situation, Now).Persona);
    }

    [Fact]
    public void A_held_persona_that_is_no_longer_bound_is_gone()
    {
        var situation = new Situation { Held = "gone", Default = "base" };
        Assert.Equal("base", ActivationPolicy.Decide(situation, Now).Persona);
    }

    [Fact]
    public void A_pin_beats_every_trigger_even_of_a_persona_that_is_not_bound()
    {
        var situation = new Situation
        {
            Candidates = [.. Candidates],
            Pin = new ManualPin("pinned", null),
            Default = "base",
        };
        Assert.Equal(new Decision("pinned", ActivationCause.Manual), ActivationPolicy.Decide(situation, Now));
    }

    [Theory]
    [InlineData(-1, "web")]
    [InlineData(0, "web")]
    [InlineData(1, "pinned")]
    public void A_pin_ends_at_the_very_moment_of_its_expiry(int ticksLeft, string persona)
    {
        var situation = new Situation
        {
            Candidates = [new("web", 500, true)],
            Pin = new ManualPin("pinned", Now.AddTicks(ticksLeft)),
        };
        Assert.Equal(persona, ActivationPolicy.Decide(situation, Now).Persona);
    }

    private static IEnumerable<Candidate[]> Permutations(Candidate[] candidates) => candidates.Length <= 1
        ? [candidates]
        : candidates.SelectMany((first, i) =>
            Permutations([.. candidates[..i], .. candidates[(i + 1)..]]).Select(rest => (Candidate[])[first, .. rest]));
}
