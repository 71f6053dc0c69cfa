using System.Runtime.CompilerServices;

namespace EbpfPersonas.Personas.Compile.Layout;

/// <summary>Fifteen words, host order.</summary>
[InlineArray(15)]
public struct FifteenWords
{
    private uint _first;
}
