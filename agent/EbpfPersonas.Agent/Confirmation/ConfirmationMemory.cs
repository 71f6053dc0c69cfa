using System.Collections.Immutable;
using EbpfPersonas.Agent.Dataplane;
using Google.Protobuf.WellKnownTypes;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Confirmation;

/// <summary>Everything that must outlive the agent about which personas must be, were, or were not confirmed.</summary>
internal sealed record ConfirmationMemory
{
    /// <summary>Nothing yet.</summary>
    public static ConfirmationMemory Empty { get; } = new();

    /// <summary>The most rollbacks that are remembered; the oldest are forgotten.</summary>
    private const int RollbacksMax = 64;

    /// <summary>What is in force and not confirmed yet; null where nothing has to be.</summary>
    public WaitingPersona? Waits { get; init; }

    /// <summary>Those of the persona in force and the floor below it that were confirmed.</summary>
    public ImmutableHashSet<PersonaRevision> Confirmed { get; init; } = [];

    /// <summary>What was not confirmed, the newest last.</summary>
    public ImmutableArray<RolledBack> Rollbacks { get; init; } = [];

    /// <summary>What is not put in force.</summary>
    public ImmutableHashSet<PersonaRevision> Barred =>
        [.. Rollbacks.Where(one => one.IsBarred).Select(one => one.Persona)];

    /// <summary>What was remembered of a revision; null where it was never rolled back.</summary>
    public RolledBack? RollbackOf(PersonaRevision persona) => Rollbacks.FirstOrDefault(one => one.Persona == persona);

    /// <summary>The revision was not confirmed, once more.</summary>
    public ConfirmationMemory With(PersonaRevision persona, RollbackReason reason, DateTimeOffset time)
    {
        var count = (RollbackOf(persona)?.Count ?? 0) + 1;
        var others = Rollbacks.RemoveAll(one => one.Persona == persona);
        return this with
        {
            Waits = Waits?.Persona == persona ? null : Waits,
            Rollbacks =
            [
                .. others.TakeLast(RollbacksMax - 1),
                new RolledBack(persona, count, time, reason, HeldBack: true),
            ],
        };
    }

    /// <summary>The form on disk.</summary>
    public V1.ConfirmationState ToWire(string vmId, string bootId) => new()
    {
        VmId = vmId,
        BootId = bootId,
        Waits = Waits is { } waits
            ? new V1.WaitingPersona
            {
                Persona = ToWire(waits.Persona),
                DeadlineNs = (ulong)waits.Deadline.Ticks * 100,
                TimeoutMs = (ulong)waits.Timeout.TotalMilliseconds,
            }
            : null,
        Confirmed = { Confirmed.Select(ToWire) },
        Rollbacks = { Rollbacks.Select(ToWire) },
        HeldBack = { Rollbacks.Where(one => one.HeldBack).Select(one => ToWire(one.Persona)) },
    };

    /// <summary>What <see cref="ToWire(string, string)"/> wrote.</summary>
    public static ConfirmationMemory FromWire(V1.ConfirmationState wire)
    {
        ArgumentNullException.ThrowIfNull(wire);
        return new ConfirmationMemory
        {
            Waits = wire.Waits is { } waits
                ? new WaitingPersona(
                    FromWire(waits.Persona),
                    TimeSpan.FromMilliseconds((long)waits.TimeoutMs),
                    TimeSpan.FromTicks((long)(waits.DeadlineNs / 100)))
                : null,
            Confirmed = [.. wire.Confirmed.Select(FromWire)],
            Rollbacks = [.. wire.Rollbacks.Select(one => new RolledBack(
                new PersonaRevision(one.Persona, one.Revision), one.Count, one.Time.ToDateTimeOffset(),
                RollbackReasonWords.Read(one.Reason),
                wire.HeldBack.Any(held => held.Persona == one.Persona && held.Revision == one.Revision)))],
        };
    }

    /// <summary>As the controller is told.</summary>
    public static V1.Rollback ToWire(RolledBack one)
    {
        ArgumentNullException.ThrowIfNull(one);
        return new V1.Rollback
        {
            Persona = one.Persona.Persona,
            Revision = one.Persona.Revision,
            Count = one.Count,
            Quarantined = one.IsQuarantined,
            Time = Timestamp.FromDateTimeOffset(one.Time),
            Reason = one.Reason.Word(),
        };
    }

    private static V1.PersonaRevision ToWire(PersonaRevision one) =>
        new() { Persona = one.Persona, Revision = one.Revision };

    private static PersonaRevision FromWire(V1.PersonaRevision wire) => new(wire.Persona, wire.Revision);
}
