namespace EbpfPersonas.Agent.Dataplane.Interfaces;

/// <summary>
/// Counted since the start, over all interfaces, also those that are gone: packets that passed interfaces which
/// appeared, before they had a filter; filters that were put right.
/// </summary>
public readonly record struct InterfaceTotals(LinkPackets Unfiltered, ulong Repairs);
