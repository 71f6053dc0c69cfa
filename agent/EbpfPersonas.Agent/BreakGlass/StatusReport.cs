using EbpfPersonas.Agent.Confirmation;
using EbpfPersonas.Agent.Link;
using EbpfPersonas.Agent.Settings;
using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.BreakGlass;

/// <summary>
/// Everything that there is to say of this VM at one moment, from the kernel, the agent and the disk.
/// </summary>
internal sealed record StatusReport
{
    /// <summary>Who this VM is.</summary>
    public required string VmId { get; init; }

    /// <summary>What the running agent says; null where none answers.</summary>
    public required V1.AgentReport? Agent { get; init; }

    /// <summary>What the kernel does by itself; null where the agent answers.</summary>
    public required KernelReport? Kernel { get; init; }

    /// <summary>What is pinned.</summary>
    public required PinnedState Pinned { get; init; }

    /// <summary>Where; null = the agent pins nothing.</summary>
    public required string? PinDirectory { get; init; }

    /// <summary>What the operator holds.</summary>
    public required HoldKind Hold { get; init; }

    /// <summary>Who and when.</summary>
    public required string HoldNote { get; init; }

    /// <summary>The generations on disk.</summary>
    public required IReadOnlyList<KeptState> Kept { get; init; }

    /// <summary>The VM's own persona.</summary>
    public required Baseline Baseline { get; init; }

    /// <summary>When the controller was heard of last; null = never.</summary>
    public required DateTimeOffset? LastContact { get; init; }

    /// <summary>Uses of break glass that the controller does not know yet.</summary>
    public required int Undelivered { get; init; }

    /// <summary>What was not confirmed in time and may matter still, the newest last.</summary>
    public required IReadOnlyList<RolledBack> Rollbacks { get; init; }

    /// <summary>Whether a filter judges packets.</summary>
    public bool Enforced => Agent is { } agent
        ? agent.AttachMode.Length > 0
        : Kernel is { Enforced: true };

    /// <summary>Looks everywhere.</summary>
    public static StatusReport Collect(AgentSettings settings, V1.AgentReport? agent, TimeProvider time)
    {
        var hold = new Hold(settings.StateDirectory);
        return new StatusReport
        {
            VmId = settings.VmId,
            Agent = agent,
            Kernel = agent is null ? KernelReport.Read(settings.PinDirectory) : null,
            Pinned = PinnedState.Read(settings.PinDirectory),
            PinDirectory = settings.PinDirectory,
            Hold = hold.Kind,
            HoldNote = hold.Note,
            Kept = new StateStore(settings.StateDirectory, settings.VmId).Load(),
            Baseline = Baseline.Read(settings.Baseline),
            LastContact = agent is null
                ? ControllerContact.ReadFrom(settings.StateDirectory)
                : agent.LastContact?.ToDateTimeOffset(),
            Rollbacks = new ConfirmationFile(settings.StateDirectory, settings.VmId, AgentGreeting.BootId)
                .Load().Memory?.Rollbacks ?? [],
            Undelivered = new AuditTrail(settings.StateDirectory, time).Undelivered().Count,
        };
    }
}
