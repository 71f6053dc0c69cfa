using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct verdict_counter of bpf/abi: packets and bytes of one kind of verdict.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VerdictCounter
{
    /// <summary>Packets.</summary>
    public ulong Packets;

    /// <summary>Octets of frames.</summary>
    public ulong Bytes;
}
