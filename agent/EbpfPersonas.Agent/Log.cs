using Microsoft.Extensions.Logging;

namespace EbpfPersonas.Agent;

/// <summary>Everything that the agent says, ids 1000-1999.</summary>
internal static partial class Log
{
    [LoggerMessage(1100, LogLevel.Information, "Scanned the running processes: {Count} belong to this network namespace.")]
    public static partial void Scanned(ILogger log, int count);

    [LoggerMessage(1101, LogLevel.Warning, "The kernel could not hand over {Count} process events ({Total} so far); scanning again.")]
    public static partial void EventsLost(ILogger log, ulong count, ulong total);

    [LoggerMessage(1102, LogLevel.Error, "Reading process events failed; scanning again.")]
    public static partial void PumpFailed(ILogger log, Exception failure);
}
