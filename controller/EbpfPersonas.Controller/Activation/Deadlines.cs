using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Activation;

/// <summary>Tells in sentences what was over at deadlines.</summary>
internal static class Deadlines
{
    /// <summary>Why there is something to decide: the deadlines that passed, and what happened.</summary>
    public static string Tell(Situation before, Answer answer, Happening happening)
    {
        var over = answer.Passed.Select(Sentence).ToList();
        if (happening != Happening.TimePassed)
        {
            return string.Join("; ", over.Append(happening.Sentence));
        }

        // While only time passes, a trigger changes with its schedule and with nothing else.
        over.AddRange(
            from binding in before.Bindings
            let held = Holds(before.Memory.GetValueOrDefault(binding.Persona))
            let holds = Holds(answer.Memory.GetValueOrDefault(binding.Persona))
            where binding.Trigger.Windows.Any() && held != holds
            select $"The schedule of {binding.Persona} {(holds ? "began" : "ended")}");
        return over.Count > 0 ? string.Join("; ", over) : happening.Sentence;
    }

    /// <summary>The word for what ends at a deadline: linger, ttl, cooldown, schedule or pin.</summary>
    public static string Word(DeadlineKind kind) => kind switch
    {
        DeadlineKind.Linger => "linger",
        DeadlineKind.Ttl => "ttl",
        DeadlineKind.Cooldown => "cooldown",
        DeadlineKind.Schedule => "schedule",
        _ => "pin",
    };

    private static string Sentence(Deadline deadline) => deadline.Kind == DeadlineKind.Pin
        ? "The activation by hand expired"
        : $"The {Word(deadline.Kind)} of {deadline.Persona} is over";

    private static bool Holds(BindingMemory? memory) => memory?.TriggerHolds ?? false;
}
