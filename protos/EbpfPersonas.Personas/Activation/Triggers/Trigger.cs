namespace EbpfPersonas.Personas.Activation.Triggers;

/// <summary>
/// When a persona is wanted: an expression over processes and the time of day. Pure and immutable; two that are made of
/// the same parts are equal.
/// </summary>
public abstract record Trigger
{
    private protected Trigger()
    {
    }

    /// <summary>Of a persona without a trigger, or with a part that is not evaluated: it never holds.</summary>
    public static Trigger Never { get; } = new NeverTrigger();

    /// <summary>The conditions that it asks about, in its order, some perhaps more than once.</summary>
    public abstract IEnumerable<ProcessCondition> Conditions { get; }

    /// <summary>The windows that it asks about, in its order, some perhaps more than once.</summary>
    public abstract IEnumerable<ScheduleWindow> Windows { get; }

    /// <summary>
    /// Whether it holds where exactly the conditions of <paramref name="live"/> have a live process; null where that
    /// hangs on processes and <paramref name="live"/> is null because they are not known.
    /// </summary>
    public abstract bool? Holds(IReadOnlySet<ProcessCondition>? live, DateTimeOffset now);

    /// <summary>
    /// The first moment after <paramref name="now"/> at which a window of it opens or closes; null where it has none.
    /// </summary>
    public DateTimeOffset? NextEdge(DateTimeOffset now) =>
        Windows.Distinct().Select(window => window.NextEdge(now)).Min();
}
