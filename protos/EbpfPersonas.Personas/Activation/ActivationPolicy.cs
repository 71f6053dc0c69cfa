namespace EbpfPersonas.Personas.Activation;

/// <summary>
/// Decides which persona is active. Pure: the same situation and clock give the same answer, on either side of the
/// wire.
/// </summary>
public static class ActivationPolicy
{
    /// <summary>The answer for <paramref name="situation"/> at <paramref name="now"/>.</summary>
    public static Decision Decide(Situation situation, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(situation);

        // 1. What a person pinned by hand, while it lasts.
        if (situation.Pin is { } pin && (pin.Expires is not { } expires || now < expires))
        {
            return new Decision(pin.Persona, ActivationCause.Manual);
        }

        // 2. The best live trigger among the personas bound to the VM: lowest priority number, then name.
        var best = situation.Candidates
            .Where(candidate => candidate.TriggerLive || candidate.Persona == situation.Held)
            .OrderBy(candidate => candidate.Priority)
            .ThenBy(candidate => candidate.Persona, StringComparer.Ordinal)
            .FirstOrDefault();
        if (best is not null)
        {
            return new Decision(best.Persona, ActivationCause.Trigger);
        }

        // 3. The VM's default. 4. None.
        return situation.Default is { } fallback
            ? new Decision(fallback, ActivationCause.Default)
            : new Decision(null, ActivationCause.None);
    }
}
