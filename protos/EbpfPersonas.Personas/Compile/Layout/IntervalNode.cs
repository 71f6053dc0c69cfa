using System.Runtime.InteropServices;

namespace EbpfPersonas.Personas.Compile.Layout;

/// <summary>struct interval_node of bpf/abi: cuts the 32-bit numbers into up to 16 intervals.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IntervalNode
{
    /// <summary><see cref="IntervalNodeFlags"/>, and of an inner node the line of the first child.</summary>
    public uint First;

    /// <summary>Where each interval ends; the sixteenth, and those not in use, at the last number.</summary>
    public FifteenWords Last;
}
