using System.Runtime.CompilerServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>Counters by (direction * 4 + verdict) * 32 + reason.</summary>
[InlineArray(256)]
public struct VerdictCounters
{
    private VerdictCounter _first;
}
