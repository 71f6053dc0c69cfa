using EbpfPersonas.Benchmarks;

// Prints what the agent costs, beside its targets. Exit code 1 where a target is missed.
return await AgentFootprint.MeasureAsync() ? 0 : 1;
