using System.Runtime.InteropServices;

namespace EbpfPersonas.Personas.Compile.Layout;

/// <summary>struct class_record of bpf/abi: what happens to every port and protocol of some addresses.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ClassRecord
{
    /// <summary>How many entries a class holds itself.</summary>
    public const int EntryCount = 7;

    /// <summary>Greatest tag first; what is not used has tag 0.</summary>
    public SevenPortEntries Entry;

    /// <summary>The line of an interval tree of its own, or 0.</summary>
    public uint Intervals;

    /// <summary>The line of a port tree that it shares, or 0.</summary>
    public uint Ports;
}
