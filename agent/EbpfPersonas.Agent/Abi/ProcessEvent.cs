using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>Mirror of <c>struct process_event</c>, bpf/abi/process_event.h: the head of a record in the ring.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ProcessEvent
{
    /// <summary>CLOCK_MONOTONIC, nanoseconds.</summary>
    public ulong TimeNs;

    /// <summary>What happened.</summary>
    public ProcessEventKind Kind;

    /// <summary>Thread group id.</summary>
    public uint Pid;

    /// <summary>For exec the parent, for fork the process that called fork.</summary>
    public uint ParentPid;

    /// <summary>For exec the real uid.</summary>
    public uint UserId;

    /// <summary>Octets of the path as executed, right behind this struct.</summary>
    public ushort PathLength;

    /// <summary>Octets of the resolved executable, behind the path.</summary>
    public ushort ExecutableLength;

    /// <summary>Zero.</summary>
    public uint Padding;
}
