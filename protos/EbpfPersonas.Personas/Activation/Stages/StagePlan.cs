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
    /// Those that are staged, the strongest first; none in audit mode. A persona for which the kernel would count more
    /// conditions than
    /// <see cref="MaxConditions"/>, together with the stronger ones, is not; weaker ones that ask less still are. Nor
    /// is one that names what the kernel does not compare, and one that is held until it is released by hand: that hand
    /// is where the others are decided for.
    /// </summary>
    public static ImmutableArray<Binding> Stage(Situation situation)
    {
        ArgumentNullException.ThrowIfNull(situation);
        var room = MaxConditions;
        var staged = ImmutableArray.CreateBuilder<Binding>();
        // One that cannot start anew may still linger from a revision that could.
        foreach (var binding in situation.Bindings.Sort(Binding.Rank).Where(binding =>
            !situation.Audited.Contains(binding.Persona)
            && binding.Trigger is not NeverTrigger && KernelTrigger.Fits(binding.Trigger)
            && !binding.Lifecycle.DeactivateManually))
        {
            var numbers = KernelTrigger.NumbersOf(binding.Trigger);
            if (numbers <= room)
            {
                staged.Add(binding);
                room -= numbers;
            }
        }

        return staged.ToImmutable();
    }

    /// <summary>
    /// The plan for a situation whose answer, at least as regards what is not staged, is <paramref name="answer"/>.
    /// </summary>
    public static StagePlan Of(Situation situation, Answer answer)
    {
        ArgumentNullException.ThrowIfNull(situation);
        ArgumentNullException.ThrowIfNull(answer);
        var staged = Stage(situation);
        var best = situation.Bindings.RemoveRange(staged).Sort(Binding.Rank).FirstOrDefault(binding =>
            answer.Memory.GetValueOrDefault(binding.Persona, BindingMemory.Idle).IsCandidate
            && IsActive(binding.Persona));
        staged = staged.RemoveAll(binding => !situation.Admits(binding.Persona));
        var pin = answer.Pin is { } pinned && IsActive(pinned.Persona) ? pinned : null;
        return new StagePlan
        {
            Staged = staged,
            Conditions = [.. staged.SelectMany(binding => binding.Trigger.Conditions).Distinct()],
            Floor = pin is not null ? new Decision(pin.Persona, ActivationCause.Manual)
                : best is not null
                    ? new Decision(best.Persona, ActivationCause.Trigger, answer.Memory[best.Persona].State)
                : situation.Default is { } fallback && IsActive(fallback)
                    ? new Decision(fallback, ActivationCause.Default)
                : new Decision(null, ActivationCause.None),
            FloorRank = pin is not null ? 0
                : best is not null ? staged.Count(binding => Binding.Rank.Compare(binding, best) < 0)
                : staged.Length,
        };

        bool IsActive(string persona) => situation.Admits(persona) && !situation.Audited.Contains(persona);
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
