using System.Runtime.CompilerServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>Zeros.</summary>
[InlineArray(5)]
public struct FiveOctets
{
    private byte _first;
}
