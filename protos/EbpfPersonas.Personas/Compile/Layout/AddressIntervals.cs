using System.Runtime.CompilerServices;

namespace EbpfPersonas.Personas.Compile.Layout;

/// <summary>Eight intervals, in order.</summary>
[InlineArray(8)]
public struct AddressIntervals
{
    private AddressInterval _first;
}
