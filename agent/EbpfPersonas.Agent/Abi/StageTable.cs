using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct stage_table of bpf/abi: what the kernel decides by.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct StageTable
{
    /// <summary>CONDITION_COUNT: conditions that the kernel watches at once.</summary>
    public const int ConditionCount = 64;

    /// <summary>A mask: conditions whose persona is a candidate while a process lives for which they hold.</summary>
    public ulong Armed;

    /// <summary>Those of them whose persona stays one until user space ends it.</summary>
    public ulong Latching;

    /// <summary>In force while no stage is a candidate.</summary>
    public uint FloorSlot;

    /// <summary>Stages that come before the floor.</summary>
    public uint StageCount;

    /// <summary>As many of them.</summary>
    public StageList Stage;
}
