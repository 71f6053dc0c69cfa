using System.Runtime.InteropServices;

namespace EbpfPersonas.Personas.Compile.Layout;

/// <summary>struct address_node of bpf/abi: cuts one word of an address into up to 16 intervals.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct AddressNode
{
    /// <summary><see cref="AddressNodeFlags"/>, and of an inner node the line of the first child.</summary>
    public uint First;

    /// <summary>Where each interval ends; the sixteenth, and those not in use, at the word's end.</summary>
    public FifteenWords Last;
}
