using System.Runtime.CompilerServices;

namespace EbpfPersonas.Personas.Compile.Layout;

/// <summary>The last three words of an IPv6 address, host order.</summary>
[InlineArray(3)]
public struct ThreeWords
{
    private uint _first;
}
