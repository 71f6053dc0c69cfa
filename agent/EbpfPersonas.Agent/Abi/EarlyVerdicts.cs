using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct early_verdicts of bpf/abi: what one hook said on one CPU.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EarlyVerdicts
{
    /// <summary>Go on.</summary>
    public ulong Allowed;

    /// <summary>EPERM.</summary>
    public ulong Denied;
}
