using System.Runtime.CompilerServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>Failsafe entries.</summary>
[InlineArray(64)]
public struct FailsafeEntries
{
    private FailsafeEntry _first;
}
