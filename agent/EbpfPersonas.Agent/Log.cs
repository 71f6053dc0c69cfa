using EbpfPersonas.Agent.Dataplane;
using Microsoft.Extensions.Logging;

namespace EbpfPersonas.Agent;

/// <summary>Everything that the agent says, ids 1000-1999: 1000 hosting, 1100 activity, 1200 link.</summary>
internal static partial class Log
{
    [LoggerMessage(
        1000,
        LogLevel.Information,
        "Agent {Version} of VM {VmId} governs network namespace {Cookie}, filters attached by {Mode}.")]
    public static partial void Attached(ILogger log, string version, string vmId, ulong cookie, AttachMode mode);

    [LoggerMessage(1001, LogLevel.Error, "Interface {Index} has no filter, its packets pass unjudged: {Reason}")]
    public static partial void InterfaceUnfiltered(ILogger log, int index, string reason);

    [LoggerMessage(1002, LogLevel.Information, "Metrics are at http://{Listen}/metrics.")]
    public static partial void MetricsListening(ILogger log, System.Net.IPEndPoint listen);

    [LoggerMessage(1003, LogLevel.Error, "A scrape of the metrics failed.")]
    public static partial void ScrapeFaulted(ILogger log, Exception fault);

    [LoggerMessage(
        1020,
        LogLevel.Information,
        "Persona {Persona} revision {Revision} is in force from before: generation {Generation}, epoch {Epoch}.")]
    public static partial void Adopted(ILogger log, string persona, ulong revision, ulong generation, uint epoch);

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
}
