namespace EbpfPersonas.Personas.Compile.Layout;

/// <summary>enum interval_node_flags of bpf/abi: what is below an interval node.</summary>
[Flags]
public enum IntervalNodeFlags : uint
{
    /// <summary>Children are nodes of one line.</summary>
    None = 0,

    /// <summary>The next line holds 16 values.</summary>
    Leaf = 0x40000000,

    /// <summary>Children are leaves, of two lines each.</summary>
    AboveLeaves = 0x20000000,

    /// <summary>The bits that hold the line of the first child.</summary>
    Line = 0x1fffffff,
}
