using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct failsafe_table of bpf/abi: all failsafe entries.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FailsafeTable
{
    /// <summary>Entries in use.</summary>
    public uint Count;

    /// <summary>Zero.</summary>
    public uint Reserved;

    /// <summary>The entries.</summary>
    public FailsafeEntries Entry;
}
