namespace EbpfPersonas.Personas.Compile.Layout;

/// <summary>enum reference of bpf/abi: the number of a line, and what begins there.</summary>
[Flags]
public enum Reference : uint
{
    /// <summary>An interval tree for the next word.</summary>
    None = 0,

    /// <summary>A class.</summary>
    Class = 0x40000000,

    /// <summary>A list of address intervals.</summary>
    List = 0x20000000,

    /// <summary>The bits that hold the line.</summary>
    Line = 0x1fffffff,
}
