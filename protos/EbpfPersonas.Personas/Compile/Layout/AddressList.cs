using System.Runtime.InteropServices;

namespace EbpfPersonas.Personas.Compile.Layout;

/// <summary>struct address_list of bpf/abi: few intervals in two lines.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct AddressList
{
    /// <summary>How many it holds.</summary>
    public const int Capacity = 8;

    /// <summary>What is not used ends with the last address.</summary>
    public AddressIntervals Interval;
}
