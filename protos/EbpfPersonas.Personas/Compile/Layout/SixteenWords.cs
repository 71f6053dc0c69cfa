using System.Runtime.CompilerServices;

namespace EbpfPersonas.Personas.Compile.Layout;

/// <summary>Sixteen words, host order: references of a leaf, or the tags of the last four bits of a key.</summary>
[InlineArray(16)]
public struct SixteenWords
{
    private uint _first;
}
