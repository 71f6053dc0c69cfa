using System.Collections.Immutable;
using EbpfPersonas.Personas.Activation.Triggers;

namespace EbpfPersonas.Personas.Activation.Stages;

/// <summary>
/// The activation function's answer in the form in which an agent, and its kernel, can carry it on alone: the personas
/// whose triggers they can judge, in rank order, and the floor, below which nothing is needed.
/// </summary>
public sealed record StagePlan
{
    /// <summary>The most conditions on processes that one VM's kernel counts.</summary>
    public const int MaxConditions = 64;

    private StagePlan()
    {
    }

    /// <summary>The staged personas, the strongest first.</summary>
    public required ImmutableArray<Binding> Staged { get; init; }

    /// <summary>What they ask about processes, each condition once, in the order of the personas.</summary>
    public required ImmutableArray<ProcessCondition> Conditions { get; init; }

    /// <summary>
    /// What holds where no stronger staged persona is a candidate: a pin, the best candidate among those that are not
    /// staged, the default, or none.
    /// </summary>
    public required Decision Floor { get; init; }

    /// <summary>
    /// How many staged personas are stronger than the floor: 0 under a pin, all of them over a default or none.
    /// </summary>
    public required int FloorRank { get; init; }

    /// <summary>
    /// The plan for a situation whose answer is <paramref name="answer"/>. A persona whose conditions would be more
    /// than <see cref="MaxConditions"/>, together with those of the stronger ones, is not staged; weaker ones that ask
    /// less still are.
    /// </summary>
    public static StagePlan Of(Situation situation, Answer answer)
    {
        ArgumentNullException.ThrowIfNull(situation);
        ArgumentNullException.ThrowIfNull(answer);
        var conditions = new HashSet<ProcessCondition>();
        var (staged, central) = (new List<Binding>(), new List<Binding>());
        foreach (var binding in situation.Bindings.Sort(Binding.Rank))
        {
            var more = binding.Trigger.Conditions.Except(conditions).ToArray();
            // One that cannot start anew may still be held, or linger, from a revision that could.
            var fits = binding.Trigger is not NeverTrigger && conditions.Count + more.Length <= MaxConditions;
            (fits ? staged : central).Add(binding);
            conditions.UnionWith(fits ? more : []);
        }

        var best = central.Find(binding =>
            answer.Memory.GetValueOrDefault(binding.Persona, BindingMemory.Idle).IsCandidate);
        return new StagePlan
        {
            Staged = [.. staged],
            Conditions = [.. staged.SelectMany(binding => binding.Trigger.Conditions).Distinct()],
            Floor = answer.Pin is { } pin ? new Decision(pin.Persona, ActivationCause.Manual)
                : best is not null
                    ? new Decision(best.Persona, ActivationCause.Trigger, answer.Memory[best.Persona].State)
                : situation.Default is { } fallback ? new Decision(fallback, ActivationCause.Default)
                : new Decision(null, ActivationCause.None),
            FloorRank = answer.Pin is not null ? 0
                : best is not null ? staged.Count(binding => Binding.Rank.Compare(binding, best) < 0)
                : staged.Count,
        };
    }

    /// <summary>
    /// The decision where exactly those staged personas that <paramref name="memory"/> says so of are candidates.
    /// </summary>
    public Decision Choose(ImmutableDictionary<string, BindingMemory> memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        var best = Staged.Take(FloorRank).FirstOrDefault(
            binding => memory.GetValueOrDefault(binding.Persona, BindingMemory.Idle).IsCandidate);
        return best is null ? Floor : new Decision(best.Persona, ActivationCause.Trigger, memory[best.Persona].State);
    }
}
