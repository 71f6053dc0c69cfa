using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct resident of bpf/abi: what only user space needs of the persona in a slot.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Resident
{
    /// <summary>UTF-8, the rest is zero.</summary>
    public ResidentName Name;

    /// <summary>The revision of the persona.</summary>
    public ulong Revision;

    /// <summary>Its lines.</summary>
    public uint LineCount;

    /// <summary>Zero.</summary>
    public uint Reserved;
}
