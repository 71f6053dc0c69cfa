using System.Runtime.CompilerServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>Zeros.</summary>
[InlineArray(3)]
public struct ReservedWords
{
    private uint _first;
}
