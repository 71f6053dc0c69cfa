using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct rule_counter of bpf/abi: counters of one rule on one CPU.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RuleCounter
{
    /// <summary>Packets.</summary>
    public ulong Packets;

    /// <summary>Octets of frames.</summary>
    public ulong Bytes;

    /// <summary>CLOCK_MONOTONIC, coarse, ns.</summary>
    public ulong LastHit;

    /// <summary>The same by the programs' own clock, ns.</summary>
    public ulong LastTick;
}
