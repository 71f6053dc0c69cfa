using System.Runtime.InteropServices;

namespace EbpfPersonas.Personas.Compile.Layout;

/// <summary>struct address_interval of bpf/abi: IPv6 addresses that have the first word in common.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct AddressInterval
{
    /// <summary>How the interval ends.</summary>
    public ThreeWords Last;

    /// <summary>A class.</summary>
    public uint Reference;
}
