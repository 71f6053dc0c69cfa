using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct condition of bpf/abi: what became of a condition. Times by CLOCK_BOOTTIME, ns.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Condition
{
    /// <summary>Live processes for which it holds.</summary>
    public uint Live;

    /// <summary>The process that made it hold last.</summary>
    public uint Pid;

    /// <summary>When the first of those that live began.</summary>
    public ulong Began;

    /// <summary>When the last ended.</summary>
    public ulong Ended;
}
