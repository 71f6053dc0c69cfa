using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>
/// struct shadow_counters of bpf/abi: packets by what the active persona made of them and what one shadow would, on one
/// CPU.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct ShadowCounters
{
    /// <summary>[(direction * 2 + passes) * 2 + would_pass].</summary>
    public ShadowPackets Packets;
}
