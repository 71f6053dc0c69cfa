using EbpfPersonas.Agent.Abi;

namespace EbpfPersonas.Agent.Dataplane.Counters;

/// <summary>What verdicts are counted by; <paramref name="Persona"/> is empty where none was active.</summary>
public readonly record struct VerdictKey(string Persona, PacketDirection Direction, Verdict Verdict, Reason Reason);
