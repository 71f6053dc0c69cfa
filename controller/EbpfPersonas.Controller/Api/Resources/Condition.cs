using EbpfPersonas.Controller.Store;
using EbpfPersonas.Personas.Json;

namespace EbpfPersonas.Controller.Api.Resources;

/// <summary>Something that whoever relies on a persona or a VM should know.</summary>
/// <param name="Type">A word of a closed set: NOT_ENFORCED_YET, APPLY_FAILED, DISCONNECTED, PROCESSES_UNKNOWN,
/// TOO_MANY_PROCESSES, EVENTS_LOST, ROLLED_BACK, QUARANTINED, CERTIFICATE_EXPIRED, CERTIFICATE_REVOKED, and what agents
/// say: DETACHED, BASELINE_HELD, STATE_FALLBACK, BASELINE_UNUSABLE, NOT_ENROLLED, CERTIFICATE_NOT_RENEWED.</param>
/// <param name="Name">What it is about, such as security_profile.encryption_required.</param>
/// <param name="Message">A sentence.</param>
internal sealed record Condition(string Type, string Name, string Message)
{
    /// <summary>Why a VM is shut out, by its newest certificate.</summary>
    public static IEnumerable<Condition> OfCertificate(StoredCertificate? newest, DateTimeOffset now)
    {
        if (newest?.Revoked is { } revoked)
        {
            yield return new Condition(
                "CERTIFICATE_REVOKED", "identity",
                $"The VM's certificates were taken back at {revoked:u}: it gets nothing new until it enrols again.");
        }
        else if (newest is not null && newest.NotAfter <= now)
        {
            yield return new Condition(
                "CERTIFICATE_EXPIRED", "identity",
                $"The VM's certificate ended at {newest.NotAfter:u}: it gets nothing new until it enrols again.");
        }
    }

    /// <summary>What a document asks for and this version does not enforce.</summary>
    public static IEnumerable<Condition> NotEnforced(IEnumerable<Finding> warnings) => warnings
        .Where(warning => warning.Code == FindingCode.NotEnforcedYet)
        .Select(warning => new Condition(warning.Code, Findings.Dotted(warning.Pointer), warning.Message));
}
