using System.Collections.Immutable;

namespace EbpfPersonas.Personas.Documents;

/// <summary><c>resource_limits</c>: thousandths of a core, bytes, processes, bit/s.</summary>
internal sealed record ResourceLimitsDocument(
    long? CpuMillicores,
    long? Memory,
    long? MemoryHigh,
    long? Pids,
    long? Bandwidth,
    long? Storage,
    ImmutableArray<IoLimit> Io,
    bool ForceMemory);
