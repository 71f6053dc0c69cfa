using System.Collections.Immutable;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Triggers;

namespace EbpfPersonas.Personas.Tests.Activation;

/// <summary>What the table of tests/situations does not say.</summary>
public sealed class ActivationPolicyTests
{
    private static readonly ProcessCondition Condition = new() { ProcessName = "mysql" };
    private static readonly Moment Now = new(TimeSpan.FromSeconds(100), new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));

    private static readonly Binding[] Bindings =
    [
        Live("batch", 500), Live("audit", 500), Idle("web", 499), Idle("database", 100), Live("Zulu", 500),
        Live("late", 1000), Idle("first", 0),
    ];

    [Fact]
    public void The_order_of_the_bindings_does_not_matter()
    {
        var answers = Permutations(Bindings)
            .Select(order => ActivationPolicy.Decide(Situation([.. order]), Now).Decision).Distinct().ToArray();
        Assert.Equal("Zulu", Assert.Single(answers).Persona);
    }

    [Fact]
    public void A_look_that_changes_nothing_gives_the_same_memory()
    {
        var answer = ActivationPolicy.Decide(Situation(Bindings), Now);
        var again = ActivationPolicy.Decide(
            Situation(Bindings) with { Memory = answer.Memory }, Now with { SinceBoot = TimeSpan.FromSeconds(101) });

        Assert.Same(answer.Memory, again.Memory);
        Assert.Equal(4, answer.Memory.Count);
    }

    [Fact]
    public void Memory_of_what_is_not_bound_is_forgotten()
    {
        var memory = ActivationPolicy.Decide(Situation(Bindings), Now).Memory;

        var answer = ActivationPolicy.Decide(Situation([Live("late", 1000)]) with { Memory = memory }, Now);
        Assert.Equal(["late"], answer.Memory.Keys);
    }

    [Fact]
    public void Deadlines_that_passed_are_told_in_order_and_whose_they_were()
    {
        var lingers = Live("lingers", 1) with { Lifecycle = new Lifecycle { Linger = TimeSpan.FromSeconds(10) } };
        var spent = Live("spent", 2) with { Lifecycle = new Lifecycle { Ttl = TimeSpan.FromSeconds(5) } };
        var situation = Situation([lingers, spent]) with
        {
            Pin = new ManualPin("pinned", Now.Wall + TimeSpan.FromSeconds(7)),
        };
        var memory = ActivationPolicy.Decide(situation, Now).Memory;
        situation = situation with { Live = ImmutableHashSet<ProcessCondition>.Empty, Memory = memory };
        memory = ActivationPolicy.Decide(situation with { Bindings = [lingers] }, Now).Memory
            .Add("spent", memory["spent"]);

        var answer = ActivationPolicy.Decide(
            situation with { Memory = memory },
            new Moment(Now.SinceBoot + TimeSpan.FromSeconds(20), Now.Wall + TimeSpan.FromSeconds(20)));

        Assert.Equal(
            [
                new Deadline(TimeSpan.FromSeconds(105), DeadlineKind.Ttl, "spent"),
                new Deadline(TimeSpan.FromSeconds(107), DeadlineKind.Pin, "pinned"),
                new Deadline(TimeSpan.FromSeconds(110), DeadlineKind.Linger, "lingers"),
            ],
            answer.Passed.ToArray());
        Assert.Null(answer.Pin);
        Assert.Null(answer.Next);
    }

    [Fact]
    public void The_clock_on_the_wall_matters_to_schedules_and_to_pins_that_expire()
    {
        var window = new ScheduleWindow(ScheduleWindow.EveryDay, new TimeOnly(1, 0), new TimeOnly(2, 0), "UTC");
        var night = Live("night", 1) with { Trigger = new NotTrigger(new WindowTrigger(window)) };

        Assert.False(Situation(Bindings).DependsOnWallClock);
        Assert.False((Situation(Bindings) with { Pin = new ManualPin("a", null) }).DependsOnWallClock);
        Assert.True((Situation(Bindings) with { Pin = new ManualPin("a", Now.Wall) }).DependsOnWallClock);
        Assert.True(Situation(night).DependsOnWallClock);
    }

    [Fact]
    public void What_was_remembered_by_a_clock_that_was_set_back_lasts_no_longer_than_it_can()
    {
        var lifecycle = new Lifecycle { Linger = TimeSpan.FromSeconds(5), Cooldown = TimeSpan.FromSeconds(7) };
        var now = TimeSpan.FromSeconds(100);

        Assert.Equal(
            new BindingMemory { State = BindingState.Lingering, Since = now, LingersUntil = TimeSpan.FromSeconds(105) },
            BindingLifecycle.Recall(
                new BindingMemory
                {
                    State = BindingState.Lingering,
                    Since = TimeSpan.FromDays(1),
                    LingersUntil = TimeSpan.FromDays(1) + TimeSpan.FromSeconds(5),
                },
                lifecycle, now));
        Assert.Equal(
            TimeSpan.FromSeconds(107),
            BindingLifecycle.Recall(
                new BindingMemory { State = BindingState.Waiting, CoolsUntil = TimeSpan.FromDays(1) }, lifecycle, now)
                .CoolsUntil);
        var good = new BindingMemory { State = BindingState.Idle, CoolsUntil = TimeSpan.FromSeconds(103) };
        Assert.Equal(good, BindingLifecycle.Recall(good, lifecycle, now));
    }

    private static Situation Situation(params Binding[] bindings) =>
        new() { Bindings = [.. bindings], Live = ImmutableHashSet.Create(Condition) };

    private static Binding Live(string persona, int priority) =>
        new(persona, priority, new ProcessTrigger(Condition), Lifecycle.OfTriggerAlone);

    private static Binding Idle(string persona, int priority) => new(
        persona, priority, new ProcessTrigger(new ProcessCondition { ProcessName = "other" }),
        Lifecycle.OfTriggerAlone);

    private static IEnumerable<Binding[]> Permutations(Binding[] bindings) => bindings.Length <= 1
        ? [bindings]
        : bindings.SelectMany((first, i) =>
            Permutations([.. bindings[..i], .. bindings[(i + 1)..]]).Select(rest => (Binding[])[first, .. rest]));
}
