using EbpfPersonas.Agent.Abi;

namespace EbpfPersonas.Agent.Dataplane.Counters;

/// <summary>
/// What the packets on which rules were asked are counted by while a shadow is there: whether they passed, and whether
/// they would have passed under it.
/// </summary>
public readonly record struct ShadowKey(string Shadow, PacketDirection Direction, bool Passes, bool WouldPass);
