using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct traced_process of bpf/abi: a live process.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TracedProcess
{
    /// <summary>{serial:32 | conditions:32}, twice.</summary>
    public ConditionHalves Half;

    /// <summary>Conditions that name its image as the parent of theirs.</summary>
    public ulong AsParent;
}
