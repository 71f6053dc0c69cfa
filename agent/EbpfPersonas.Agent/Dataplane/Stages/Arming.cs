namespace EbpfPersonas.Agent.Dataplane.Stages;

/// <summary>
/// Masks of conditions: <paramref name="Armed"/> make their persona a candidate while a process lives for which they
/// hold; of those <paramref name="Latching"/> keep it one until they are let go.
/// </summary>
public readonly record struct Arming(ulong Armed, ulong Latching);
