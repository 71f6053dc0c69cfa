using System.Collections.Immutable;
using EbpfPersonas.Personas.Activation;
using EbpfPersonas.Personas.Activation.Triggers;

namespace EbpfPersonas.Personas.Tests.Activation;

/// <summary>Activation functions with one fault each, as somebody might write them.</summary>
internal static class BrokenPolicies
{
    public static IReadOnlyDictionary<string, Func<Situation, Moment, Answer>> All { get; } =
        new Dictionary<string, Func<Situation, Moment, Answer>>
        {
            ["ignores the cooldown"] = WithLifecycle(lifecycle => lifecycle with { Cooldown = TimeSpan.Zero }),
            ["ignores the linger"] = WithLifecycle(lifecycle => lifecycle with { Linger = TimeSpan.Zero }),
            ["ignores the ttl"] = WithLifecycle(lifecycle => lifecycle with { Ttl = null }),
            ["never holds"] = WithLifecycle(lifecycle => lifecycle with { DeactivateManually = false }),
            ["compares priorities the wrong way"] = WithBinding(binding =>
                binding with { Priority = 1000 - binding.Priority }),
            ["compares priorities as text"] = WithBinding(binding => binding with
            {
                Priority = $"{binding.Priority}"[0] - '0',
            }),
            ["goes by the name alone"] = WithBinding(binding => binding with { Priority = 0 }),
            ["takes the first that is bound"] = (situation, now) =>
            {
                var answer = ActivationPolicy.Decide(situation, now);
                return answer.Decision.Cause == ActivationCause.Trigger
                    ? answer with { Decision = First(situation.Bindings, answer.Memory) }
                    : answer;
            },
            ["asks for one part of a trigger where all must hold"] = WithBinding(binding =>
                binding.Trigger is AllTrigger all ? binding with { Trigger = new AnyTrigger(all.Parts) } : binding),
            ["does not hear 'not'"] = WithBinding(binding =>
                binding.Trigger is NotTrigger not ? binding with { Trigger = not.Part } : binding),
            ["pins for ever"] = (situation, now) => ActivationPolicy.Decide(
                situation with { Pin = situation.Pin is { } pin ? pin with { Expires = null } : null }, now),
            ["lets a trigger beat a pin"] = (situation, now) =>
                ActivationPolicy.Decide(situation with { Pin = null }, now) is var live
                && live.Decision.Cause == ActivationCause.Trigger
                    ? live with { Pin = situation.Pin }
                    : ActivationPolicy.Decide(situation, now),
            ["forgets the default"] = (situation, now) =>
                ActivationPolicy.Decide(situation with { Default = null }, now),
            ["remembers nothing"] = (situation, now) => ActivationPolicy.Decide(
                situation with { Memory = ImmutableDictionary<string, BindingMemory>.Empty }, now),
            ["takes what it does not know for nothing"] = (situation, now) => ActivationPolicy.Decide(
                situation with { Live = situation.Live ?? ImmutableHashSet<ProcessCondition>.Empty }, now),
            ["counts by the clock on the wall"] = (situation, now) => ActivationPolicy.Decide(
                situation, now with { SinceBoot = now.Wall - new DateTimeOffset(2026, 1, 5, 0, 0, 0, TimeSpan.Zero) }),
            ["starts what is spent again"] = AfterEach((_, memory, _) =>
                memory.State == BindingState.Spent ? BindingMemory.Idle : memory),
            ["begins a life anew when the trigger comes back"] = AfterEach((before, memory, now) =>
                before.State == BindingState.Lingering && memory.State == BindingState.Live
                    ? memory with { Since = now.SinceBoot }
                    : memory),
            ["says nothing of deadlines"] = (situation, now) =>
                ActivationPolicy.Decide(situation, now) with { Next = null },
            ["ends a linger with every look"] = (situation, now) => ActivationPolicy.Decide(
                situation with
                {
                    Memory = situation.Memory.ToImmutableDictionary(
                        pair => pair.Key,
                        pair => pair.Value.State == BindingState.Lingering
                            ? pair.Value with { LingersUntil = now.SinceBoot }
                            : pair.Value),
                },
                now),
        };

    private static Decision First(
        ImmutableArray<Binding> bindings, ImmutableDictionary<string, BindingMemory> memory) => bindings
        .Select(binding => (binding.Persona, Memory: memory.GetValueOrDefault(binding.Persona, BindingMemory.Idle)))
        .Where(binding => binding.Memory.IsCandidate)
        .Select(binding => new Decision(binding.Persona, ActivationCause.Trigger, binding.Memory.State))
        .First();

    private static Func<Situation, Moment, Answer> WithLifecycle(Func<Lifecycle, Lifecycle> change) =>
        WithBinding(binding => binding with { Lifecycle = change(binding.Lifecycle) });

    private static Func<Situation, Moment, Answer> WithBinding(Func<Binding, Binding> change) => (situation, now) =>
        ActivationPolicy.Decide(situation with { Bindings = [.. situation.Bindings.Select(change)] }, now);

    private static Func<Situation, Moment, Answer> AfterEach(
        Func<BindingMemory, BindingMemory, Moment, BindingMemory> change) => (situation, now) =>
    {
        var answer = ActivationPolicy.Decide(situation, now);
        return answer with
        {
            Memory = answer.Memory.ToImmutableDictionary(
                pair => pair.Key,
                pair => change(
                    situation.Memory.GetValueOrDefault(pair.Key, BindingMemory.Idle), pair.Value, now)),
        };
    };
}
