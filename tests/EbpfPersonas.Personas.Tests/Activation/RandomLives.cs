using System.Collections.Immutable;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Triggers;
using EbpfPersonas.TestKit.Fuzzing;

namespace EbpfPersonas.Personas.Tests.Activation;

/// <summary>
/// A random VM: its bindings, and what happens on it, in whole seconds. Spans are short, so that deadlines and facts
/// meet often.
/// </summary>
internal sealed class RandomLives
{
    private static readonly ImmutableArray<ProcessCondition> Conditions =
        [.. Enumerable.Range(0, 5).Select(i => new ProcessCondition { ProcessName = $"p{i}" })];

    private readonly Prng _random;
    private readonly HashSet<ProcessCondition> _live = [];

    public RandomLives(ulong seed, bool windows = false, bool negations = false)
    {
        _random = new Prng(seed);
        Bindings = [.. Enumerable.Range(0, _random.Between(1, 7)).Select(i => NextBinding(i, windows, negations))];
        Default = _random.Chance(50) ? "base" : null;
    }

    /// <summary>A Monday, 12:00:00Z.</summary>
    public static DateTimeOffset Start { get; } = new(2026, 1, 5, 12, 0, 0, TimeSpan.Zero);

    public ImmutableArray<Binding> Bindings { get; }

    public string? Default { get; }

    /// <summary>The situation at the beginning.</summary>
    public Situation First() => new() { Bindings = Bindings, Default = Default };

    public TimeSpan NextPause() => TimeSpan.FromSeconds(_random.Between(1, 8));

    /// <summary>What happens next; the rest stays as it is.</summary>
    public Situation Change(Situation situation, Moment now)
    {
        for (var i = _random.Between(0, 3); i > 0; i--)
        {
            var condition = _random.Pick(Conditions.AsSpan());
            if (!_live.Remove(condition))
            {
                _live.Add(condition);
            }
        }

        DateTimeOffset? expires = _random.Chance(70) ? now.Wall + TimeSpan.FromSeconds(_random.Between(1, 12)) : null;
        return situation with
        {
            Live = _random.Chance(5) ? null : _live.ToImmutableHashSet(),
            Pin = _random.Chance(8) ? new ManualPin("pinned", expires) : _random.Chance(20) ? null : situation.Pin,
            Memory = _random.Chance(10)
                ? ActivationPolicy.Release(situation, now.SinceBoot) ?? situation.Memory
                : situation.Memory,
        };
    }

    private Binding NextBinding(int number, bool windows, bool negations) => new(
        $"persona{number}", _random.Between(0, 3), NextTrigger(2, windows, negations), new Lifecycle
        {
            DeactivateManually = _random.Chance(20),
            Linger = TimeSpan.FromSeconds(_random.Chance(50) ? 0 : _random.Between(1, 10)),
            Cooldown = TimeSpan.FromSeconds(_random.Chance(30) ? 0 : _random.Between(1, 20)),
            Ttl = _random.Chance(50) ? null : TimeSpan.FromSeconds(_random.Between(1, 20)),
        });

    private Trigger NextTrigger(int depth, bool windows, bool negations)
    {
        var parts = Enumerable.Range(0, _random.Between(1, 3));
        return _random.Below(depth == 0 ? 5 : 9) switch
        {
            5 => new AnyTrigger([.. parts.Select(_ => NextTrigger(depth - 1, windows, negations))]),
            6 => new AllTrigger([.. parts.Select(_ => NextTrigger(depth - 1, windows, negations))]),
            7 when negations => new NotTrigger(NextTrigger(depth - 1, windows, negations)),
            4 or 8 when windows => new WindowTrigger(NextWindow()),
            _ => new ProcessTrigger(_random.Pick(Conditions.AsSpan())),
        };
    }

    private ScheduleWindow NextWindow()
    {
        var from = new TimeOnly(12, _random.Between(0, 3));
        return new ScheduleWindow(
            ScheduleWindow.EveryDay, from, from.AddMinutes(_random.Between(1, 3)), _random.Pick("UTC", "Etc/GMT"));
    }
}
