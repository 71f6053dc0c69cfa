using System.Runtime.CompilerServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>Where lookups begin, by direction * 2 + family.</summary>
[InlineArray(4)]
public struct RootReferences
{
    private uint _first;
}
