using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct activation_state of bpf/abi.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ActivationState
{
    /// <summary>A mask: candidates that user space has to end.</summary>
    public ulong Latched;

    /// <summary>Switches that were left to user space.</summary>
    public ulong Unsettled;

    /// <summary>By number.</summary>
    public ConditionList Condition;
}
