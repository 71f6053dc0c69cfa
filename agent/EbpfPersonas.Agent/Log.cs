using EbpfPersonas.Agent.Dataplane;
using EbpfPersonas.Agent.Dataplane.Interfaces;
using EbpfPersonas.Personas.Activation.Stages;
using Microsoft.Extensions.Logging;

namespace EbpfPersonas.Agent;

/// <summary>
/// Everything that the agent says, ids 1000-1999: 1000 hosting, 1100 activity, 1200 link, 1300 state and break glass,
/// 1400 identity.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(
        1000,
        LogLevel.Information,
        "Agent {Version} of VM {VmId} governs network namespace {Cookie}, filters attached by {Mode}.")]
    public static partial void Attached(ILogger log, string version, string vmId, ulong cookie, AttachMode mode);

    [LoggerMessage(1001, LogLevel.Error, "Interface {Index} has no filter, its packets pass unjudged: {Reason}")]
    public static partial void InterfaceUnfiltered(ILogger log, int index, string reason);

    [LoggerMessage(
        1020,
        LogLevel.Error,
        "The VM's own addresses cannot be followed, sources are not held against them meanwhile: {Reason}")]
    public static partial void AddressesUnknown(ILogger log, string reason);

    [LoggerMessage(1002, LogLevel.Information, "Metrics are at {Scheme}://{Listen}/metrics.")]
    public static partial void MetricsListening(ILogger log, string scheme, System.Net.IPEndPoint listen);

    [LoggerMessage(1030, LogLevel.Error, "Metrics are served with the certificates of before: {Reason}")]
    public static partial void MetricsTlsUnusable(ILogger log, string reason);

    [LoggerMessage(
        1031,
        LogLevel.Warning,
        "No interface has {Listen} yet; metrics are served there as soon as one does.")]
    public static partial void MetricsAddressAwaited(ILogger log, System.Net.IPEndPoint listen);

    [LoggerMessage(1003, LogLevel.Error, "A scrape of the metrics failed.")]
    public static partial void ScrapeFaulted(ILogger log, Exception fault);

    [LoggerMessage(
        1004, LogLevel.Information, "Programs in cgroup {Cgroup} are told at once what the persona would drop.")]
    public static partial void EarlyVerdicts(ILogger log, string cgroup);

    [LoggerMessage(
        1005,
        LogLevel.Warning,
        "Programs are not told at once what the persona would drop, their connections time out: {Reason}")]
    public static partial void NoEarlyVerdicts(ILogger log, string reason);

    [LoggerMessage(
        1006, LogLevel.Error, "Processes are not followed any more; without a change systemd starts the agent anew.")]
    public static partial void NotWell(ILogger log);

    [LoggerMessage(
        1010,
        LogLevel.Information,
        "Interface {Name} ({Index}) has its filter by {Mode}; before it, {Received} packets came in and {Sent} out.")]
    public static partial void InterfaceFiltered(
        ILogger log, string name, int index, AttachMode mode, ulong received, ulong sent);

    [LoggerMessage(
        1011,
        LogLevel.Warning,
        "Interface {Name} ({Index}) appeared, and until it had its filter {Received} packets came in and {Sent} went "
        + "out unjudged.")]
    public static partial void PacketsPassedUnfiltered(ILogger log, string name, int index, ulong received, ulong sent);

    [LoggerMessage(
        1012,
        LogLevel.Warning,
        "The filter of interface {Name} ({Index}) was not as we left it: {Fault}. It is in force again, "
        + "repair {Count}.")]
    public static partial void FilterRepaired(ILogger log, string name, int index, FilterFault fault, int count);

    [LoggerMessage(
        1021,
        LogLevel.Information,
        "Programs of another agent version are replaced, maps {From} by {To}; flows carried over: {Flows} ({Note}).")]
    public static partial void LayoutChanged(ILogger log, string from, string to, long flows, string note);

    [LoggerMessage(
        1100, LogLevel.Information, "Scanned the running processes: {Count} belong to this network namespace.")]
    public static partial void Scanned(ILogger log, int count);

    [LoggerMessage(
        1101,
        LogLevel.Warning,
        "The kernel could not hand over {Count} process events ({Total} so far); scanning again.")]
    public static partial void EventsLost(ILogger log, ulong count, ulong total);

    [LoggerMessage(1102, LogLevel.Error, "Reading process events failed; scanning again.")]
    public static partial void PumpFailed(ILogger log, Exception failure);

    [LoggerMessage(1200, LogLevel.Information, "Connected to the controller at {Controller}, store {ControllerId}.")]
    public static partial void Connected(ILogger log, Uri controller, string controllerId);

    [LoggerMessage(1201, LogLevel.Warning, "No stream to the controller at {Controller}: {Reason}")]
    public static partial void Disconnected(ILogger log, Uri controller, string reason);

    [LoggerMessage(1202, LogLevel.Error, "The stream to the controller failed unexpectedly.")]
    public static partial void LinkFaulted(ILogger log, Exception fault);

    [LoggerMessage(
        1203, LogLevel.Warning, "The address of {Host} is not known, trying the addresses of last time: {Reason}")]
    public static partial void NameUnknown(ILogger log, string host, string reason);

    [LoggerMessage(1204, LogLevel.Warning, "The controller's addresses could not be kept in {Directory}: {Reason}")]
    public static partial void AddressesNotKept(ILogger log, string directory, string reason);

    [LoggerMessage(
        1210,
        LogLevel.Information,
        "Persona {Persona} revision {Revision} is in force: generation {Generation}, epoch {Epoch}. {Cause}")]
    public static partial void Switched(
        ILogger log, string persona, ulong revision, ulong generation, uint epoch, string cause);

    [LoggerMessage(
        1211,
        LogLevel.Error,
        "Generation {Generation} (persona {Persona}) is refused, the one before stays. {Code}: {Reason}")]
    public static partial void Refused(ILogger log, ulong generation, string persona, string code, string reason);

    [LoggerMessage(1212, LogLevel.Debug, "Generation {Generation} is older than {Newest} and ignored.")]
    public static partial void GenerationIgnored(ILogger log, ulong generation, ulong newest);

    [LoggerMessage(1213, LogLevel.Error, "Applying generation {Generation} failed unexpectedly.")]
    public static partial void ApplyFaulted(ILogger log, ulong generation, Exception fault);

    [LoggerMessage(1300, LogLevel.Warning, "What was kept on disk cannot be used: {Message}")]
    public static partial void StateUnusable(ILogger log, string message);

    [LoggerMessage(
        1301,
        LogLevel.Information,
        "Persona {Persona} revision {Revision} is in force again: generation {Generation}, epoch {Epoch}, "
        + "from {Source}.")]
    public static partial void Restored(
        ILogger log, string persona, ulong revision, ulong generation, uint epoch, string source);

    [LoggerMessage(
        1302,
        LogLevel.Information,
        "The datapath runs persona {Persona} revision {Revision} already, which stays: generation {Generation}, "
        + "epoch {Epoch}.")]
    public static partial void Adopted(ILogger log, string persona, ulong revision, ulong generation, uint epoch);

    [LoggerMessage(1303, LogLevel.Error, "The baseline cannot be used: {Errors}")]
    public static partial void BaselineUnusable(ILogger log, string errors);

    [LoggerMessage(1304, LogLevel.Warning, "{Sentence}")]
    public static partial void Held(ILogger log, string sentence);

    [LoggerMessage(
        1305,
        LogLevel.Warning,
        "Generation {Generation} is in force, and stays the pending one on disk: {Reason}")]
    public static partial void NotPromoted(ILogger log, ulong generation, string reason);

    [LoggerMessage(1306, LogLevel.Debug, "Generation {Generation} is confirmed: the controller was heard under it.")]
    public static partial void Confirmed(ILogger log, ulong generation);

    [LoggerMessage(
        1307,
        LogLevel.Error,
        "Generation {Generation} is confirmed, but a reboot would start an older one: {Reason}")]
    public static partial void NotConfirmed(ILogger log, ulong generation, string reason);

    [LoggerMessage(1321, LogLevel.Warning, "{Path} is not used, staged personas begin anew: {Reason}")]
    public static partial void LivesUnusable(ILogger log, string path, string reason);

    [LoggerMessage(1322, LogLevel.Error, "A restart will not find how long staged personas last: {Reason}")]
    public static partial void LivesNotKept(ILogger log, string reason);

    [LoggerMessage(
        1310,
        LogLevel.Warning,
        "Break glass: {Command} by uid {UserId} (sudo by '{SudoUser}'): {Outcome}")]
    public static partial void BreakGlass(ILogger log, string command, uint userId, string sudoUser, string outcome);

    [LoggerMessage(
        1311, LogLevel.Error, "No control socket at {Path}, the commands will not reach this agent: {Reason}")]
    public static partial void NoControlSocket(ILogger log, string path, string reason);

    [LoggerMessage(1312, LogLevel.Error, "A command on the control socket failed unexpectedly.")]
    public static partial void CommandFaulted(ILogger log, Exception fault);

    [LoggerMessage(
        1320,
        LogLevel.Information,
        "Switched by itself to persona {Persona} revision {Revision}, epoch {Epoch}: {Cause}, process {Pid}.")]
    public static partial void SwitchedByItself(
        ILogger log, string persona, ulong revision, uint epoch, SwitchCause cause, uint pid);

    [LoggerMessage(
        1330,
        LogLevel.Warning,
        "Persona {Persona} revision {Revision} was not confirmed ({Reason}), {Count} of {Most} times, and is left.")]
    public static partial void NotConfirmedInTime(
        ILogger log, string persona, ulong revision, string reason, uint count, uint most);

    [LoggerMessage(
        1331,
        LogLevel.Warning,
        "Back from persona {Left} revision {LeftRevision} to {Persona} revision {Revision}, epoch {Epoch}.")]
    public static partial void SteppedBack(
        ILogger log, string left, ulong leftRevision, string persona, ulong revision, uint epoch);

    [LoggerMessage(
        1332,
        LogLevel.Information,
        "Persona {Persona} revision {Revision} is confirmed: after {Elapsed} a new connection reached the controller.")]
    public static partial void PersonaConfirmed(ILogger log, string persona, ulong revision, TimeSpan elapsed);

    [LoggerMessage(
        1333,
        LogLevel.Debug,
        "Persona {Persona} revision {Revision} is not confirmed yet, the controller was not reached: {Reason}")]
    public static partial void NotReached(ILogger log, string persona, ulong revision, string reason);

    [LoggerMessage(
        1334,
        LogLevel.Error,
        "Which persona has to be confirmed until when could not be kept, a restart would not know: {Reason}")]
    public static partial void ConfirmationNotKept(ILogger log, string reason);

    [LoggerMessage(1335, LogLevel.Error, "Confirming the persona in force failed unexpectedly; its deadline holds.")]
    public static partial void ConfirmationFaulted(ILogger log, Exception fault);

    [LoggerMessage(1400, LogLevel.Error, "The credentials in {Path} cannot be used, as if there were none: {Reason}")]
    public static partial void IdentityUnusable(ILogger log, string path, string reason);

    [LoggerMessage(
        1401,
        LogLevel.Error,
        "The VM's credentials could not be written, they are used until the agent ends: {Reason}")]
    public static partial void IdentityNotKept(ILogger log, string reason);

    [LoggerMessage(1402, LogLevel.Warning, "{Sentence}")]
    public static partial void IdentityCondition(ILogger log, string sentence);

    [LoggerMessage(
        1403,
        LogLevel.Information,
        "Enrolled as {Name} with token {TokenId}; the certificate is good until {NotAfter:u}.")]
    public static partial void Enrolled(ILogger log, string name, string tokenId, DateTimeOffset notAfter);

    [LoggerMessage(
        1404, LogLevel.Warning, "The enrolment token in {Path} is used up, and could not be removed: {Reason}")]
    public static partial void TokenNotRemoved(ILogger log, string path, string reason);

    [LoggerMessage(1405, LogLevel.Information, "The VM's certificate is renewed, good until {NotAfter:u}.")]
    public static partial void Renewed(ILogger log, DateTimeOffset notAfter);

    [LoggerMessage(
        1406, LogLevel.Information, "The controller's certificate may come from other authorities now: {Count}.")]
    public static partial void TrustReplaced(ILogger log, int count);

    [LoggerMessage(
        1407, LogLevel.Error, "The authorities that the controller named are refused, those before stay: {Reason}.")]
    public static partial void TrustRefused(ILogger log, string reason);

    [LoggerMessage(
        1408, LogLevel.Warning,
        "Every user of this machine may read the enrolment token in {Path}, and enrol in this VM's place: chmod 600.")]
    public static partial void TokenReadByOthers(ILogger log, string path);
}
