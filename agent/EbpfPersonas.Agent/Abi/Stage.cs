using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct stage of bpf/abi: a persona that waits for its condition.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Stage
{
    /// <summary>0-63.</summary>
    public uint Condition;

    /// <summary>Where the persona is.</summary>
    public uint Slot;
}
