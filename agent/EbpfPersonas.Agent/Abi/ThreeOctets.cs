using System.Runtime.CompilerServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>Zeros.</summary>
[InlineArray(3)]
public struct ThreeOctets
{
    private byte _first;
}
