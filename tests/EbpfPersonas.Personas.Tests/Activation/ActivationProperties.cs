using System.Collections.Immutable;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Stages;
using EbpfPersonas.Personas.Activation.Triggers;

namespace EbpfPersonas.Personas.Tests.Activation;

/// <summary>What holds of every VM, whatever happens there; each throws where a function breaks it.</summary>
internal sealed class ActivationProperties(Func<Situation, Moment, Answer> policy)
{
    private const int Changes = 60;

    public void The_order_of_what_is_known_does_not_matter(ulong seed)
    {
        var lives = new RandomLives(seed, windows: true, negations: true);
        Play(lives, (situation, answer, now) =>
        {
            var reordered = situation with
            {
                Bindings = [.. situation.Bindings.Reverse()],
                Live = situation.Live?.Reverse().ToHashSet(),
                Memory = situation.Memory.Reverse().ToImmutableDictionary(),
            };
            var other = policy(reordered, now);
            Assert.Equal(answer.Decision, other.Decision);
            Assert.Equal(answer.Next?.At, other.Next?.At);
            Assert.Equal(Sorted(answer.Memory), Sorted(other.Memory));
        });
    }

    public void No_persona_starts_again_before_its_cooldown(ulong seed)
    {
        var lives = new RandomLives(seed, windows: true, negations: true);
        var started = new Dictionary<string, TimeSpan>();
        Play(lives, (_, answer, now) =>
        {
            foreach (var binding in lives.Bindings)
            {
                if (Memory(answer, binding) is not { IsCandidate: true } memory)
                {
                    continue;
                }

                Assert.True(memory.Since <= now.SinceBoot);
                if (started.TryGetValue(binding.Persona, out var before) && before != memory.Since)
                {
                    Assert.True(memory.Since - before >= binding.Lifecycle.Cooldown, $"{seed}: {binding}");
                }

                started[binding.Persona] = memory.Since;
            }
        });
    }

    public void Every_activation_with_a_ttl_ends(ulong seed)
    {
        var lives = new RandomLives(seed, windows: true, negations: true);
        var started = new Dictionary<string, TimeSpan>();
        Play(lives, (situation, answer, now) =>
        {
            foreach (var binding in lives.Bindings.Where(binding => binding.Lifecycle.Ttl is not null))
            {
                // The function is not asked when it started: another life begins after the end of the one before.
                var goesOn = situation.Memory.GetValueOrDefault(binding.Persona)?.IsCandidate == true
                    && !answer.Passed.Any(deadline => deadline.Persona == binding.Persona);
                if (!goesOn)
                {
                    started[binding.Persona] = now.SinceBoot;
                }

                Assert.False(
                    Memory(answer, binding).IsCandidate
                    && now.SinceBoot >= started[binding.Persona] + binding.Lifecycle.Ttl,
                    $"{seed}: {binding}");
            }
        });
    }

    public void Without_triggers_pins_and_holds_everything_ends_in_the_default(ulong seed)
    {
        var lives = new RandomLives(seed);
        var (situation, now) = Play(lives, (_, _, _) => { });
        situation = situation with { Live = ImmutableHashSet<ProcessCondition>.Empty, Pin = null };
        var answer = policy(situation, now);
        while (ActivationPolicy.Release(situation with { Memory = answer.Memory }, now.SinceBoot) is { } released)
        {
            answer = policy(situation with { Memory = released }, now);
        }

        for (var looks = 0; answer.Next is { } next; looks++)
        {
            Assert.True(looks < 100, $"{seed}: there is no end of deadlines");
            now = Later(now, next.At - now.SinceBoot);
            answer = policy(situation with { Memory = answer.Memory }, now);
        }

        Assert.True(lives.Default == answer.Decision.Persona, $"{seed}: {answer.Decision}");
        Assert.DoesNotContain(answer.Memory.Values, memory => memory.IsCandidate);
    }

    public void Nothing_changes_before_the_deadline_unless_something_happens(ulong seed)
    {
        var lives = new RandomLives(seed, windows: true, negations: true);
        Play(lives, (situation, answer, now) =>
        {
            var end = answer.Next?.At ?? now.SinceBoot + TimeSpan.FromHours(1);
            Assert.True(end > now.SinceBoot, $"{seed}: {answer.Next} at {now}");
            var unchanged = situation with { Memory = answer.Memory, Pin = answer.Pin };
            var left = end - now.SinceBoot;
            foreach (var pause in new[] { TimeSpan.Zero, left / 3, left / 2, left - TimeSpan.FromTicks(1) })
            {
                var later = policy(unchanged, Later(now, pause));
                Assert.True(answer.Decision == later.Decision, $"{seed}: {answer.Decision} {later.Decision} {pause}");
                Assert.Empty(later.Passed);
            }
        });
    }

    public void A_look_that_comes_late_finds_what_looks_in_time_find(ulong seed)
    {
        var lives = new RandomLives(seed, negations: true);
        Play(lives, (situation, answer, now) =>
        {
            var unchanged = situation with { Memory = answer.Memory, Pin = answer.Pin };
            var end = now.SinceBoot + TimeSpan.FromSeconds(60);
            var (memory, pin, at) = (answer.Memory, answer.Pin, answer.Next);
            while (at is { } due && due.At < end)
            {
                var look = policy(unchanged with { Memory = memory, Pin = pin }, Later(now, due.At - now.SinceBoot));
                (memory, pin, at) = (look.Memory, look.Pin, look.Next);
            }

            var inTime = policy(unchanged with { Memory = memory, Pin = pin }, Later(now, end - now.SinceBoot));
            var late = policy(unchanged, Later(now, end - now.SinceBoot));
            Assert.Equal(inTime.Decision, late.Decision);
            Assert.Equal(Sorted(inTime.Memory), Sorted(late.Memory));
        });
    }

    public void The_plan_for_the_kernel_chooses_the_same(ulong seed)
    {
        var lives = new RandomLives(seed, windows: true, negations: true);
        Play(lives, (situation, answer, _) =>
        {
            var plan = StagePlan.Of(situation, answer);
            Assert.Equal(answer.Decision, plan.Choose(answer.Memory));
        });
    }

    /// <summary>Lets things happen, at deadlines too, and gives how it ends.</summary>
    private (Situation Situation, Moment Now) Play(RandomLives lives, Action<Situation, Answer, Moment> check)
    {
        var (situation, now) = (lives.First(), new Moment(TimeSpan.FromSeconds(100), RandomLives.Start));
        for (var i = 0; i < Changes; i++)
        {
            var next = now.SinceBoot + lives.NextPause();
            situation = Look(situation, now, check, out var answer);
            while (answer.Next is { } due && due.At > now.SinceBoot && due.At < next)
            {
                now = Later(now, due.At - now.SinceBoot);
                situation = Look(situation, now, check, out answer);
            }

            now = Later(now, next - now.SinceBoot);
            situation = lives.Change(situation, now);
        }

        return (situation, now);
    }

    private Situation Look(Situation situation, Moment now, Action<Situation, Answer, Moment> check, out Answer answer)
    {
        answer = policy(situation, now);
        check(situation, answer, now);
        return situation with { Memory = answer.Memory, Pin = answer.Pin };
    }

    private static BindingMemory Memory(Answer answer, Binding binding) =>
        answer.Memory.GetValueOrDefault(binding.Persona, BindingMemory.Idle);

    private static IEnumerable<KeyValuePair<string, BindingMemory>> Sorted(
        ImmutableDictionary<string, BindingMemory> memory) => memory.OrderBy(pair => pair.Key, StringComparer.Ordinal);

    private static Moment Later(Moment now, TimeSpan pause) => new(now.SinceBoot + pause, now.Wall + pause);
}
