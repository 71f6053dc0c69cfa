namespace EbpfPersonas.TestKit.Situations;

/// <summary>One thing that happens in a situation.</summary>
public abstract record SituationFact
{
    /// <summary>A process executes a program: a new one, or one that lives and becomes another.</summary>
    public sealed record Started(uint Pid, uint ParentPid, string Path, string Executable, uint UserId, string UserName)
        : SituationFact;

    /// <summary>A process makes a child that runs the same.</summary>
    public sealed record Forked(uint Pid, uint ParentPid) : SituationFact;

    public sealed record Exited(uint Pid) : SituationFact;

    /// <summary>A persona is activated by hand, for a while or until it is released.</summary>
    public sealed record Pinned(string Persona, TimeSpan? Ttl) : SituationFact;

    /// <summary>"Deactivate" by hand: ends the pin, or else the strongest hold.</summary>
    public sealed record Deactivated : SituationFact;

    /// <summary>A persona is bound, or has a new revision; <paramref name="Document"/> is its JSON.</summary>
    public sealed record Bound(string Persona, string Document) : SituationFact;

    public sealed record Unbound(string Persona) : SituationFact;

    /// <summary>The VM has another default, or none.</summary>
    public sealed record DefaultSet(string? Persona) : SituationFact;

    /// <summary>Somebody sets the clock on the wall; boot time goes on as it did.</summary>
    public sealed record ClockSet(DateTimeOffset Wall) : SituationFact;

    /// <summary>Whoever decides begins anew and knows no processes; what it remembers is kept.</summary>
    public sealed record Restarted : SituationFact;

    /// <summary>The processes are known again: those that live.</summary>
    public sealed record Scanned : SituationFact;
}
