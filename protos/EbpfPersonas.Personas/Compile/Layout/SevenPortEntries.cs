using System.Runtime.CompilerServices;

namespace EbpfPersonas.Personas.Compile.Layout;

/// <summary>The entries of a class, greatest tag first.</summary>
[InlineArray(7)]
public struct SevenPortEntries
{
    private PortEntry _first;
}
