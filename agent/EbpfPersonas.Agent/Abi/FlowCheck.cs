using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct flow_check of bpf/abi: a confirmed flow that waits to be looked at for expiry.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FlowCheck
{
    /// <summary>The flow's.</summary>
    public FlowKey Key;

    /// <summary>The flow's own number, or it is another flow by now.</summary>
    public uint Serial;

    /// <summary>Zero.</summary>
    public uint Reserved;
}
