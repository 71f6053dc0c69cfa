using System.Runtime.CompilerServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>Conditions 0-31, and 32-63, each with the serial of the image.</summary>
[InlineArray(2)]
public struct ConditionHalves
{
    private ulong _first;
}
