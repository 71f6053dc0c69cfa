using System.Collections.Immutable;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Activation.Triggers;

namespace EbpfPersonas.Personas.Tests.Activation;

public sealed class StagePlanTests
{
    private static readonly Moment Now = new(TimeSpan.FromSeconds(100), new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Staged_personas_stand_in_rank_order_and_equal_conditions_are_listed_once()
    {
        var plan = PlanOf(new Situation
        {
            Bindings = [Asks("b", 5, "one"), Asks("a", 5, "two", "one"), Asks("z", 1, "three")],
            Default = "base",
        });

        Assert.Equal(["z", "a", "b"], plan.Staged.Select(binding => binding.Persona));
        Assert.Equal(["three", "two", "one"], plan.Conditions.Select(condition => condition.ProcessName));
        Assert.Equal((new Decision("base", ActivationCause.Default), 3), (plan.Floor, plan.FloorRank));
    }

    [Fact]
    public void A_pin_stands_ahead_of_all()
    {
        var plan = PlanOf(new Situation
        {
            Bindings = [Asks("a", 0, "one")],
            Pin = new ManualPin("pinned", null),
            Live = Live("one"),
        });

        Assert.Equal((new Decision("pinned", ActivationCause.Manual), 0), (plan.Floor, plan.FloorRank));
        Assert.Equal("pinned", plan.Choose(Candidates("a")).Persona);
    }

    [Fact]
    public void What_asks_too_much_is_decided_centrally_and_is_the_floor_while_it_is_a_candidate()
    {
        var many = Enumerable.Range(0, StagePlan.MaxConditions).Select(i => $"p{i}").ToArray();
        var situation = new Situation
        {
            Bindings =
            [
                Asks("first", 1, many[..60]), Asks("large", 2, many[58..]), Asks("small", 3, many[..4]),
                Asks("more", 4, "q"),
            ],
        };

        var plan = PlanOf(situation);
        Assert.Equal(["first", "small"], plan.Staged.Select(binding => binding.Persona));
        Assert.Equal(60, plan.Conditions.Length);
        Assert.Equal((null, 2), (plan.Floor.Persona, plan.FloorRank));

        plan = PlanOf(situation with { Live = Live("q") });
        Assert.Equal(("more", 2), (plan.Floor.Persona, plan.FloorRank));
        Assert.Equal("small", plan.Choose(Candidates("small")).Persona);
    }

    [Fact]
    public void A_trigger_that_the_kernel_is_told_of_takes_one_condition_more()
    {
        var names = Enumerable.Range(0, StagePlan.MaxConditions - 1).Select(i => $"p{i}").ToArray();
        var told = Asks("told", 2, "q");
        told = told with { Trigger = new NotTrigger(told.Trigger) };

        Assert.Equal("all", Assert.Single(Stage([Asks("all", 1, names), told])).Persona);
        Assert.Equal(2, Stage([Asks("all", 1, names[1..]), told]).Length);
    }

    [Fact]
    public void A_path_that_the_kernel_does_not_compare_is_decided_centrally()
    {
        var bindings = Enumerable.Range(KernelTrigger.MaxTextOctets, 2).Select(length => new Binding(
            $"p{length}", 1, new ProcessTrigger(new ProcessCondition { ProcessPath = new string('/', length) }),
            Lifecycle.OfTriggerAlone));

        Assert.Equal("p255", Assert.Single(Stage([.. bindings])).Persona);
    }

    [Fact]
    public void What_only_a_hand_releases_is_decided_where_the_hand_is()
    {
        var held = Asks("held", 2, "two") with { Lifecycle = new Lifecycle { DeactivateManually = true } };
        var plan = PlanOf(new Situation
        {
            Bindings = [Asks("strong", 1, "one"), held, Asks("weak", 3, "two")],
            Live = Live("two"),
        });

        Assert.Equal(["strong", "weak"], plan.Staged.Select(binding => binding.Persona));
        Assert.Equal(("held", 1), (plan.Floor.Persona, plan.FloorRank));
    }

    [Fact]
    public void A_staged_persona_that_is_weaker_than_the_floor_does_not_come_up()
    {
        var many = Enumerable.Range(0, StagePlan.MaxConditions + 1).Select(i => $"p{i}").ToArray();
        var plan = PlanOf(new Situation
        {
            Bindings = [Asks("strong", 1, "one"), Asks("central", 2, many), Asks("weak", 3, "two")],
            Live = Live("p7"),
        });

        Assert.Equal(["strong", "weak"], plan.Staged.Select(binding => binding.Persona));
        Assert.Equal(("central", 1), (plan.Floor.Persona, plan.FloorRank));
        Assert.Equal("central", plan.Choose(Candidates("weak")).Persona);
        Assert.Equal("strong", plan.Choose(Candidates("weak", "strong")).Persona);
    }

    [Fact]
    public void What_is_only_evaluated_is_neither_staged_nor_the_floor()
    {
        var plan = PlanOf(new Situation
        {
            Bindings = [Asks("strong", 1, "one"), Asks("trial", 2, "two")],
            Pin = new ManualPin("pinned-trial", null),
            Default = "default-trial",
            Audited = new HashSet<string> { "trial", "pinned-trial", "default-trial" },
            Live = Live("two"),
        });

        Assert.Equal(["strong"], plan.Staged.Select(binding => binding.Persona));
        Assert.Equal((null, 1), (plan.Floor.Persona, plan.FloorRank));
    }

    [Fact]
    public void A_persona_without_a_trigger_is_not_staged()
    {
        var plan = PlanOf(new Situation { Bindings = [new("mute", 1, Trigger.Never, Lifecycle.OfTriggerAlone)] });

        Assert.Empty(plan.Staged);
        Assert.Equal((null, 0), (plan.Floor.Persona, plan.FloorRank));
    }

    private static ImmutableArray<Binding> Stage(ImmutableArray<Binding> bindings) =>
        StagePlan.Stage(new Situation { Bindings = bindings });

    private static StagePlan PlanOf(Situation situation) =>
        StagePlan.Of(situation, ActivationPolicy.Decide(situation, Now));

    private static Binding Asks(string persona, int priority, params string[] names) => new(
        persona, priority,
        new AnyTrigger([.. names.Select(name => new ProcessTrigger(new ProcessCondition { ProcessName = name }))]),
        Lifecycle.OfTriggerAlone);

    private static ImmutableHashSet<ProcessCondition> Live(params string[] names) =>
        [.. names.Select(name => new ProcessCondition { ProcessName = name })];

    private static ImmutableDictionary<string, BindingMemory> Candidates(params string[] personas) =>
        personas.ToImmutableDictionary(persona => persona, _ => new BindingMemory { State = BindingState.Live });
}
