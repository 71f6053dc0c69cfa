using EbpfPersonas.Controller.Store;

namespace EbpfPersonas.Controller;

/// <summary>Everything that the controller logs. Event ids 2000-2999, each used once.</summary>
internal static partial class Log
{
    [LoggerMessage(2000, LogLevel.Information,
        "Controller {ControllerId} serves clients at {ApiAddress} and agents at {AgentsAddress}.")]
    public static partial void Serving(this ILogger log, string controllerId, string apiAddress, string agentsAddress);

    [LoggerMessage(2100, LogLevel.Information, "VM {Vm}: agent {AgentVersion} on kernel {KernelRelease} connected.")]
    public static partial void AgentConnected(this ILogger log, VmKey vm, string agentVersion, string kernelRelease);

    [LoggerMessage(2101, LogLevel.Information,
        "VM {Vm}: the agent's stream ended ({Reason}). The VM keeps what it runs.")]
    public static partial void AgentDisconnected(this ILogger log, VmKey vm, string reason);

    [LoggerMessage(2102, LogLevel.Warning,
        "VM {Vm}: the agent could not apply generation {Generation}: {Code}: {Message}")]
    public static partial void ApplyFailed(this ILogger log, VmKey vm, long generation, string code, string message);

    [LoggerMessage(2103, LogLevel.Information, "VM {Vm}: generation {Generation} is in force, epoch {Epoch}.")]
    public static partial void Realised(this ILogger log, VmKey vm, long generation, long epoch);

    [LoggerMessage(2104, LogLevel.Error, "VM {Vm}: the stream failed.")]
    public static partial void StreamFailed(this ILogger log, VmKey vm, Exception exception);

    [LoggerMessage(2105, LogLevel.Warning,
        "VM {Vm}: break glass: {Command} by uid {UserId} (sudo by '{UserName}') at {Time:O}: {Outcome}")]
    public static partial void BreakGlassUsed(
        this ILogger log, VmKey vm, string command, uint userId, string userName, DateTimeOffset time,
        string outcome);

    [LoggerMessage(2106, LogLevel.Error, "{Method} failed.")]
    public static partial void CallFailed(this ILogger log, string method, Exception exception);

    [LoggerMessage(2200, LogLevel.Information,
        "VM {Vm}: {Persona} revision {Revision} becomes generation {Generation}. {Cause}")]
    public static partial void Activated(
        this ILogger log, VmKey vm, string persona, long revision, long generation, string cause);

    [LoggerMessage(2201, LogLevel.Error, "VM {Vm}: what is due could not be decided; trying again.")]
    public static partial void DeadlineFailed(this ILogger log, VmKey vm, Exception exception);

    [LoggerMessage(2202, LogLevel.Information,
        "VM {Vm}: {Persona} revision {Revision} is in force by the VM itself, epoch {Epoch}. {Cause}")]
    public static partial void SwitchedByItself(
        this ILogger log, VmKey vm, string persona, long revision, long epoch, string cause);

    [LoggerMessage(2203, LogLevel.Warning,
        "VM {Vm}: {Persona} revision {Revision} was not confirmed ({Reason}) and is left again, time {Count}.")]
    public static partial void RolledBack(
        this ILogger log, VmKey vm, string persona, long revision, string reason, long count);

    [LoggerMessage(2300, LogLevel.Information,
        "Persona {Tenant}/{Persona} revision {Revision}: {Outcome}, {Warnings} warnings.")]
    public static partial void PersonaWritten(
        this ILogger log, string tenant, string persona, long revision, string outcome, int warnings);

    [LoggerMessage(2301, LogLevel.Information, "Persona {Tenant}/{Persona} was deleted.")]
    public static partial void PersonaDeleted(this ILogger log, string tenant, string persona);

    [LoggerMessage(2302, LogLevel.Error, "{Method} {Path} failed.")]
    public static partial void RequestFailed(this ILogger log, string method, string path, Exception exception);

    [LoggerMessage(2303, LogLevel.Error, "The store cannot be read: {Problem}")]
    public static partial void StoreUnreadable(this ILogger log, string problem);

    [LoggerMessage(2400, LogLevel.Warning,
        "There was no authority; one was made in {Folder}. VMs that enrolled with another one must enrol again.")]
    public static partial void AuthorityMade(this ILogger log, string folder);

    [LoggerMessage(2401, LogLevel.Information, "Authority {Issuing} issues certificates. Trusted are {Trusted}.")]
    public static partial void AuthoritiesChanged(this ILogger log, string issuing, string trusted);

    [LoggerMessage(2402, LogLevel.Warning,
        "The authorities were changed and cannot be read; those before stay. {Problem}")]
    public static partial void AuthoritiesUnreadable(this ILogger log, string problem);

    [LoggerMessage(2403, LogLevel.Error, "The upkeep of identities failed; it is tried again.")]
    public static partial void UpkeepFailed(this ILogger log, Exception exception);

    [LoggerMessage(2404, LogLevel.Warning,
        "The authority ends at {End:u}, and no certificate is good beyond that. Replace it: ca prepare.")]
    public static partial void AuthorityEnds(this ILogger log, DateTime end);

    [LoggerMessage(2500, LogLevel.Error,
        "The issuer {Authority} does not say what its keys are; nobody is let in by its word meanwhile. {Problem}")]
    public static partial void IssuerUnknown(this ILogger log, Uri authority, string problem);
}
