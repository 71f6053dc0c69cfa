namespace EbpfPersonas.Agent.Dataplane.Pins;

/// <summary>
/// Enforcement went over from the programs and maps of another agent version to ours: from which layout to which, how
/// many flows were carried over, and why some were not (null = all were).
/// </summary>
public sealed record LayoutChange(string From, string To, long Flows, string? FlowsMissing);
