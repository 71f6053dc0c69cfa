using System.Runtime.CompilerServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>CONDITION_TEXT_SIZE octets.</summary>
[InlineArray(Size)]
public struct TextOctets
{
    /// <summary>CONDITION_TEXT_SIZE, with at least one zero.</summary>
    public const int Size = 256;

    private byte _first;
}
