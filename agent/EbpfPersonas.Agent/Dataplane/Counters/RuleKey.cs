namespace EbpfPersonas.Agent.Dataplane.Counters;

/// <summary>What rule hits are counted by.</summary>
public readonly record struct RuleKey(string Persona, string Rule);
