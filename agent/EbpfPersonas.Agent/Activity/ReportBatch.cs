using V1 = EbpfPersonas.Protos.V1;

namespace EbpfPersonas.Agent.Activity;

/// <summary>What goes out together, and which execs it tells of.</summary>
internal sealed record ReportBatch(V1.ActivityBatch Message, IReadOnlyList<ReportBatch.Exec> Execs)
{
    /// <summary>When it was, by CLOCK_MONOTONIC in nanoseconds, and whether the controller waited for it.</summary>
    internal readonly record struct Exec(long TimeNs, bool IsUrgent);
}
