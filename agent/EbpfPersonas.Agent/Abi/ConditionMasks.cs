using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct condition_masks of bpf/abi: which conditions say nothing of a kind, and how
/// long the texts of the others are.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ConditionMasks
{
    /// <summary>Those that are in use.</summary>
    public ulong Used;

    /// <summary>Any process name will do.</summary>
    public ulong AnyName;

    /// <summary>Any path.</summary>
    public ulong AnyPath;

    /// <summary>Any user.</summary>
    public ulong AnyUser;

    /// <summary>Any parent.</summary>
    public ulong AnyParent;

    /// <summary>Lengths of the process names that conditions want.</summary>
    public ConditionLengths Names;

    /// <summary>Of the paths.</summary>
    public ConditionLengths Paths;

    /// <summary>Of the parents' names and paths.</summary>
    public ConditionLengths Parents;
}
