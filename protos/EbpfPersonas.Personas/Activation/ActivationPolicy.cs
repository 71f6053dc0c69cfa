using System.Collections.Immutable;

namespace EbpfPersonas.Personas.Activation;

/// <summary>
/// Decides which persona is active. Pure: the same situation and moment give the same answer, on either side of the
/// wire. What happens at one moment belongs into one situation; then its order does not matter.
/// </summary>
public static class ActivationPolicy
{
    /// <summary>The answer for <paramref name="situation"/> at <paramref name="now"/>.</summary>
    public static Answer Decide(Situation situation, Moment now)
    {
        ArgumentNullException.ThrowIfNull(situation);
        var bindings = situation.Bindings.Sort(Binding.Rank);
        var passed = new List<Deadline>();
        var memory = Advance(situation, bindings, now, passed);
        var pin = situation.Pin;
        if (pin?.Expires is { } expires && expires <= now.Wall)
        {
            passed.Add(new Deadline(now.BootTimeOf(expires), DeadlineKind.Pin, pin.Persona));
            pin = null;
        }

        var wanted = Wanted(bindings, memory, pin, situation)
            .ToLookup(decision => situation.Audited.Contains(decision.Persona!));
        return new Answer
        {
            Decision = wanted[false].FirstOrDefault() ?? new Decision(null, ActivationCause.None),
            Shadow = wanted[true].FirstOrDefault()?.Persona,
            Pin = pin,
            Memory = memory,
            Next = Deadlines(bindings, memory, pin, now).MinBy(deadline => deadline.At),
            Passed = [.. passed.OrderBy(deadline => deadline.At)],
        };
    }

    /// <summary>
    /// As <see cref="BindingLifecycle.Release"/>, for the strongest persona that is held; null where none is.
    /// </summary>
    public static ImmutableDictionary<string, BindingMemory>? Release(Situation situation, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(situation);
        foreach (var binding in situation.Bindings.Sort(Binding.Rank))
        {
            // A hold whose ttl is over has ended already.
            var memory = situation.Memory.GetValueOrDefault(binding.Persona, BindingMemory.Idle);
            memory = BindingLifecycle.Step(memory, binding.Lifecycle, holds: null, now).Memory;
            if (memory.State == BindingState.Held)
            {
                return situation.Memory.SetItem(
                    binding.Persona, BindingLifecycle.Release(memory, binding.Lifecycle, now));
            }
        }

        return null;
    }

    /// <summary>What speaks for a persona, the strongest first.</summary>
    private static IEnumerable<Decision> Wanted(
        ImmutableArray<Binding> bindings, ImmutableDictionary<string, BindingMemory> memory, ManualPin? pin,
        Situation situation)
    {
        // 1. What a person pinned by hand, while it lasts.
        if (pin is not null && situation.Admits(pin.Persona))
        {
            yield return new Decision(pin.Persona, ActivationCause.Manual);
        }

        // 2. The candidates among the personas bound to the VM: lowest priority number, then name.
        foreach (var binding in bindings.Where(binding => situation.Admits(binding.Persona)))
        {
            if (memory.GetValueOrDefault(binding.Persona, BindingMemory.Idle) is { IsCandidate: true } life)
            {
                yield return new Decision(binding.Persona, ActivationCause.Trigger, life.State);
            }
        }

        // 3. The VM's default. 4. None.
        if (situation.Default is { } fallback && situation.Admits(fallback))
        {
            yield return new Decision(fallback, ActivationCause.Default);
        }
    }

    /// <summary>The lives of the bound personas up to now; those of others are forgotten.</summary>
    private static ImmutableDictionary<string, BindingMemory> Advance(
        Situation situation, ImmutableArray<Binding> bindings, Moment now, List<Deadline> passed)
    {
        var memory = situation.Memory.RemoveRange(
            situation.Memory.Keys.Except(bindings.Select(binding => binding.Persona)));
        foreach (var binding in bindings)
        {
            var step = BindingLifecycle.Step(
                memory.GetValueOrDefault(binding.Persona, BindingMemory.Idle), binding.Lifecycle,
                binding.Trigger.Holds(situation.Live, now.Wall), now.SinceBoot);
            memory = step.Memory == BindingMemory.Idle
                ? memory.Remove(binding.Persona)
                : memory.SetItem(binding.Persona, step.Memory);
            passed.AddRange(step.Passed.Select(deadline => new Deadline(deadline.At, deadline.Kind, binding.Persona)));
        }

        return memory;
    }

    private static IEnumerable<Deadline> Deadlines(
        ImmutableArray<Binding> bindings, ImmutableDictionary<string, BindingMemory> memory, ManualPin? pin, Moment now)
    {
        if (pin?.Expires is { } expires)
        {
            yield return new Deadline(now.BootTimeOf(expires), DeadlineKind.Pin, pin.Persona);
        }

        foreach (var binding in bindings)
        {
            var own = memory.GetValueOrDefault(binding.Persona, BindingMemory.Idle);
            if (BindingLifecycle.NextDeadline(own, binding.Lifecycle) is { } deadline)
            {
                yield return new Deadline(deadline.At, deadline.Kind, binding.Persona);
            }

            if (binding.Trigger.NextEdge(now.Wall) is { } edge)
            {
                yield return new Deadline(now.BootTimeOf(edge), DeadlineKind.Schedule, binding.Persona);
            }
        }
    }
}
