using System.Runtime.CompilerServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>Zeros.</summary>
[InlineArray(6)]
public struct FlowPadding
{
    private byte _first;
}
