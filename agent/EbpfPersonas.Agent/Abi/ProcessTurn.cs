using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>
/// struct process_turn of bpf/abi: a process began or ended to be the only one for which conditions hold.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct ProcessTurn
{
    /// <summary>CLOCK_MONOTONIC, nanoseconds.</summary>
    public ulong TimeNs;

    /// <summary>Turn.</summary>
    public ProcessEventKind Kind;

    /// <summary>Thread group id.</summary>
    public uint Pid;

    /// <summary>A mask: those that nobody else had.</summary>
    public ulong Began;

    /// <summary>A mask: those that nobody has any more.</summary>
    public ulong Ended;

    /// <summary>Of the switch that it made; 0 = none.</summary>
    public uint Epoch;

    /// <summary>What the switch put in force.</summary>
    public uint Slot;
}
