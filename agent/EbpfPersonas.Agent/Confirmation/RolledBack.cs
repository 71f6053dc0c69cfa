using EbpfPersonas.Agent.Dataplane;

namespace EbpfPersonas.Agent.Confirmation;

/// <summary>
/// A revision that was not confirmed: how often, and when and why the last time. <paramref name="HeldBack"/>: not put
/// in force until a controller was heard again.
/// </summary>
internal sealed record RolledBack(
    PersonaRevision Persona, uint Count, DateTimeOffset Time, RollbackReason Reason, bool HeldBack)
{
    /// <summary>After so many times it is not put in force any more.</summary>
    public const uint Most = 2;

    /// <summary>Whether it is not put in force until a later revision comes.</summary>
    public bool IsQuarantined => Count >= Most;

    /// <summary>Whether it is not put in force at this time.</summary>
    public bool IsBarred => HeldBack || IsQuarantined;
}
