using System.Collections.Immutable;
using EbpfPersonas.Personas.Activation;

namespace EbpfPersonas.Controller.Store.Sqlite;

/// <summary>A row of <c>vms</c>; times are milliseconds since 1970.</summary>
internal sealed class VmRow
{
    public string Tenant { get; set; } = "";

    public string Id { get; set; } = "";

    public long FirstSeen { get; set; }

    public long LastContact { get; set; }

    public string AgentVersion { get; set; } = "";

    public string KernelRelease { get; set; } = "";

    public string BootId { get; set; } = "";

    /// <summary>One a line.</summary>
    public string Capabilities { get; set; } = "";

    public string? DefaultPersona { get; set; }

    public string? PinPersona { get; set; }

    public long? PinExpires { get; set; }

    public string? PinReason { get; set; }

    public long DesiredGeneration { get; set; }

    public string? DesiredPersona { get; set; }

    public long DesiredRevision { get; set; }

    public long DesiredCause { get; set; }

    public string DesiredSentence { get; set; } = "";

    public long DesiredSince { get; set; }

    public long DesiredFloorRank { get; set; }

    public string? ShadowPersona { get; set; }

    public long? ShadowRevision { get; set; }

    public long? RealisedGeneration { get; set; }

    public long? RealisedEpoch { get; set; }

    public string? RealisedPersona { get; set; }

    public long? RealisedRevision { get; set; }

    public long? RealisedAt { get; set; }

    public long? OwnEpoch { get; set; }

    public long? OwnGeneration { get; set; }

    public string? OwnPersona { get; set; }

    public long? OwnRevision { get; set; }

    public long? OwnCause { get; set; }

    public string? OwnSentence { get; set; }

    public long? OwnSince { get; set; }

    public long ReportedEpoch { get; set; }

    public long? FailureGeneration { get; set; }

    public string? FailureCode { get; set; }

    public string? FailureMessage { get; set; }

    public long? FailureAt { get; set; }

    public VmKey Key => new(Tenant, Id);

    public static VmRow From(StoredVm vm) => new()
    {
        Tenant = vm.Key.Tenant,
        Id = vm.Key.Id,
        FirstSeen = vm.FirstSeen.ToUnixTimeMilliseconds(),
        LastContact = vm.LastContact.ToUnixTimeMilliseconds(),
        AgentVersion = vm.AgentVersion,
        KernelRelease = vm.KernelRelease,
        BootId = vm.BootId,
        Capabilities = string.Join('\n', vm.Capabilities),
        DefaultPersona = vm.Default,
        PinPersona = vm.Pin?.Persona,
        PinExpires = vm.Pin?.Expires?.ToUnixTimeMilliseconds(),
        PinReason = vm.PinReason,
        DesiredGeneration = vm.Desired.Generation,
        DesiredPersona = vm.Desired.Persona,
        DesiredRevision = vm.Desired.Revision,
        DesiredCause = (long)vm.Desired.Cause,
        DesiredSentence = vm.Desired.Sentence,
        DesiredSince = vm.Desired.Since.ToUnixTimeMilliseconds(),
        DesiredFloorRank = vm.Desired.Staged.FloorRank,
        ShadowPersona = vm.Desired.Shadow?.Persona,
        ShadowRevision = vm.Desired.Shadow?.Revision,
        RealisedGeneration = vm.Realised?.Generation,
        RealisedEpoch = vm.Realised?.Epoch,
        RealisedPersona = vm.Realised?.Persona,
        RealisedRevision = vm.Realised?.Revision,
        RealisedAt = vm.Realised?.At.ToUnixTimeMilliseconds(),
        OwnEpoch = vm.OwnSwitch?.Epoch,
        OwnGeneration = vm.OwnSwitch?.Generation,
        OwnPersona = vm.OwnSwitch?.Persona,
        OwnRevision = vm.OwnSwitch?.Revision,
        OwnCause = (long?)vm.OwnSwitch?.Cause,
        OwnSentence = vm.OwnSwitch?.Sentence,
        OwnSince = vm.OwnSwitch?.Since.ToUnixTimeMilliseconds(),
        ReportedEpoch = vm.ReportedEpoch,
        FailureGeneration = vm.Failure?.Generation,
        FailureCode = vm.Failure?.Code,
        FailureMessage = vm.Failure?.Message,
        FailureAt = vm.Failure?.At.ToUnixTimeMilliseconds(),
    };

    public StoredVm ToVm(
        IEnumerable<string> bindings, ImmutableDictionary<string, BindingMemory> memory,
        IEnumerable<StagedRevision> staged, IEnumerable<Rollback> rollbacks)
    {
        return new StoredVm
        {
            Key = Key,
            FirstSeen = Time(FirstSeen),
            LastContact = Time(LastContact),
            AgentVersion = AgentVersion,
            KernelRelease = KernelRelease,
            BootId = BootId,
            Capabilities = [.. Capabilities.Split('\n', StringSplitOptions.RemoveEmptyEntries)],
            Bindings = [.. bindings],
            Default = DefaultPersona,
            Memory = memory,
            Pin = PinPersona is { } pinned
                ? new ManualPin(pinned, PinExpires is { } expires ? Time(expires) : null)
                : null,
            PinReason = PinReason,
            Desired = new DesiredState(
                DesiredGeneration, DesiredPersona, DesiredRevision, (ActivationCause)DesiredCause, DesiredSentence,
                Time(DesiredSince))
            {
                Staged = new StagedRevisions([.. staged], (int)DesiredFloorRank),
                Shadow = ShadowPersona is { } shadow ? new StagedRevision(shadow, ShadowRevision ?? 0) : null,
            },
            Realised = RealisedGeneration is { } realised
                ? new RealisedState(
                    realised, RealisedEpoch ?? 0, RealisedPersona, RealisedRevision ?? 0, Time(RealisedAt ?? 0))
                : null,
            OwnSwitch = OwnEpoch is { } epoch
                ? new OwnSwitch(
                    epoch, OwnGeneration ?? 0, OwnPersona, OwnRevision ?? 0, (ActivationCause)(OwnCause ?? 0),
                    OwnSentence ?? "", Time(OwnSince ?? 0))
                : null,
            ReportedEpoch = ReportedEpoch,
            Rollbacks = [.. rollbacks],
            Failure = FailureGeneration is { } failed
                ? new ApplyFailure(failed, FailureCode ?? "", FailureMessage ?? "", Time(FailureAt ?? 0))
                : null,
        };
    }

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
