using System.Collections.Immutable;

namespace EbpfPersonas.Personas.Activation;

/// <summary>
/// The life of one bound persona, whatever others do: idle, live, lingering or held, and over. Pure. A look that comes
/// late gives what looks in time would have given.
/// </summary>
public static class BindingLifecycle
{
    /// <summary>
    /// The state at <paramref name="now"/>, where the trigger holds or does not; null where that is not known, and then
    /// it is taken to be as it was. Deadlines up to and including <paramref name="now"/> are passed first: a life lasts
    /// from its start to before its end.
    /// </summary>
    public static LifecycleStep Step(BindingMemory memory, Lifecycle lifecycle, bool? holds, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(lifecycle);
        var passed = ImmutableArray.CreateBuilder<(TimeSpan, DeadlineKind)>();
        while (NextDeadline(memory, lifecycle) is { } deadline && deadline.At <= now)
        {
            memory = Pass(memory, lifecycle, deadline.At, deadline.Kind);
            passed.Add(deadline);
        }

        memory = Take(memory, lifecycle, holds, now);
        // The end of a cooldown for which nobody waits changes nothing.
        memory = memory.CoolsUntil <= now ? memory with { CoolsUntil = null } : memory;
        return new LifecycleStep(memory, passed.ToImmutable());
    }

    /// <summary>Ends a hold; whatever else the persona is, it stays. The cooldown begins.</summary>
    public static BindingMemory Release(BindingMemory memory, Lifecycle lifecycle, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(lifecycle);
        return memory.State == BindingState.Held ? Ended(BindingState.Idle, lifecycle, now) : memory;
    }

    /// <summary>The earliest time at which the state changes by itself, and why; null where it never does.</summary>
    public static (TimeSpan At, DeadlineKind Kind)? NextDeadline(BindingMemory memory, Lifecycle lifecycle)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(lifecycle);
        if (memory.State == BindingState.Waiting)
        {
            return (memory.CoolsUntil ?? TimeSpan.Zero, DeadlineKind.Cooldown);
        }

        // The ttl is that of the newest revision, from the start under whichever.
        var end = memory.IsCandidate ? memory.Since + lifecycle.Ttl : null;
        return memory.LingersUntil is { } lingered && !(end < lingered) ? (lingered, DeadlineKind.Linger)
            : end is { } spent ? (spent, DeadlineKind.Ttl)
            : null;
    }

    /// <summary>
    /// What was remembered by a clock that may since have been set back: nothing begins in the future, or lasts longer
    /// than it can.
    /// </summary>
    public static BindingMemory Recall(BindingMemory memory, Lifecycle lifecycle, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(lifecycle);
        return memory with
        {
            Since = memory.Since < now ? memory.Since : now,
            LingersUntil = AtMost(memory.LingersUntil, now + lifecycle.Linger),
            CoolsUntil = AtMost(memory.CoolsUntil, now + lifecycle.Cooldown),
        };
    }

    private static TimeSpan? AtMost(TimeSpan? time, TimeSpan most) => time < most ? time : time is null ? null : most;

    private static BindingMemory Pass(BindingMemory memory, Lifecycle lifecycle, TimeSpan at, DeadlineKind kind) =>
        kind switch
        {
            DeadlineKind.Cooldown => Started(at),
            DeadlineKind.Ttl when memory.State == BindingState.Live => Ended(BindingState.Spent, lifecycle, at),
            _ => Ended(BindingState.Idle, lifecycle, at),
        };

    private static BindingMemory Take(BindingMemory memory, Lifecycle lifecycle, bool? holds, TimeSpan now) =>
        (memory.State, holds) switch
        {
            (BindingState.Idle, true) => memory.CoolsUntil > now
                ? memory with { State = BindingState.Waiting }
                : Started(now),
            (BindingState.Waiting or BindingState.Spent, false) => memory with { State = BindingState.Idle },
            (BindingState.Live, false) when lifecycle.DeactivateManually => memory with { State = BindingState.Held },
            (BindingState.Live, false) when lifecycle.Linger > TimeSpan.Zero => memory with
            {
                State = BindingState.Lingering,
                LingersUntil = now + lifecycle.Linger,
            },
            (BindingState.Live, false) => Ended(BindingState.Idle, lifecycle, now),
            (BindingState.Lingering or BindingState.Held, true) => Started(memory.Since),
            // A new revision that is not released by hand ends with its trigger, which ended.
            (BindingState.Held, _) when !lifecycle.DeactivateManually => Ended(BindingState.Idle, lifecycle, now),
            _ => memory,
        };

    private static BindingMemory Started(TimeSpan since) => new() { State = BindingState.Live, Since = since };

    private static BindingMemory Ended(BindingState state, Lifecycle lifecycle, TimeSpan at) => new()
    {
        State = state,
        CoolsUntil = lifecycle.Cooldown > TimeSpan.Zero ? at + lifecycle.Cooldown : null,
    };
}
