using EbpfPersonas.Controller.Activation;
using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>Where a bound persona stands; while it is live, lingering or held it competes for being active.</summary>
/// <param name="Persona">The persona.</param>
/// <param name="Priority">0-1000, lower wins.</param>
/// <param name="State">idle; waiting (its trigger holds, its cooldown lasts); live; lingering (its trigger ended); held
/// (until it is deactivated by hand); spent (its ttl is over, and its trigger must end first).</param>
/// <param name="Since">When it began to compete; null while it does not.</param>
/// <param name="Until">When that ends by itself, or while waiting begins, or while idle or spent could begin; null
/// where no time is set.</param>
/// <param name="Ends">What is over then: linger, ttl, schedule or cooldown.</param>
internal sealed record BoundStatus(
    string Persona, int Priority, string State, DateTimeOffset? Since, DateTimeOffset? Until, string? Ends)
{
    public static IReadOnlyList<BoundStatus> Of(Situation situation, Moment now) =>
    [
        .. situation.Bindings.Sort(Binding.Rank).Select(binding => Of(
            binding, situation.Memory.GetValueOrDefault(binding.Persona, BindingMemory.Idle), now)),
    ];

    private static BoundStatus Of(Binding binding, BindingMemory memory, Moment now)
    {
        var (until, kind) = End(binding, memory, now);
        return new BoundStatus(
            binding.Persona, binding.Priority, Word(memory.State),
            memory.IsCandidate ? now.WallTimeOf(memory.Since) : null, until,
            until is null ? null : Deadlines.Word(kind));
    }

    private static (DateTimeOffset? At, DeadlineKind Kind) End(Binding binding, BindingMemory memory, Moment now)
    {
        if (memory.CoolsUntil is { } cools)
        {
            return (cools > now.SinceBoot ? now.WallTimeOf(cools) : null, DeadlineKind.Cooldown);
        }

        DateTimeOffset? end = null;
        var kind = DeadlineKind.Schedule;
        if (BindingLifecycle.NextDeadline(memory, binding.Lifecycle) is { } deadline)
        {
            (end, kind) = (now.WallTimeOf(deadline.At), deadline.Kind);
        }

        // What a schedule alone began, a schedule ends; where processes are involved, nobody knows.
        return memory.State == BindingState.Live && !binding.Trigger.Conditions.Any()
            && binding.Trigger.NextEdge(now.Wall) is { } edge && !(edge >= end)
            && binding.Trigger.Holds(null, edge) == false
                ? (edge, DeadlineKind.Schedule)
                : (end, kind);
    }

    private static string Word(BindingState state) => state switch
    {
        BindingState.Waiting => "waiting",
        BindingState.Live => "live",
        BindingState.Lingering => "lingering",
        BindingState.Held => "held",
        BindingState.Spent => "spent",
        _ => "idle",
    };
}
