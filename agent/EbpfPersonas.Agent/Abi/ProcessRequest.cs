using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct process_request of bpf/abi: what the programs are asked about processes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ProcessRequest
{
    /// <summary>Thread group id.</summary>
    public uint Pid;

    /// <summary>Which image of it.</summary>
    public uint Serial;

    /// <summary>A mask.</summary>
    public ulong Conditions;

    /// <summary>A mask: conditions that name it as the parent of theirs.</summary>
    public ulong AsParent;
}
