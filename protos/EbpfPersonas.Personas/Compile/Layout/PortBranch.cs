using System.Runtime.InteropServices;

namespace EbpfPersonas.Personas.Compile.Layout;

/// <summary>struct port_branch of bpf/abi: a sixteenth of a port tree's inner node.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PortBranch
{
    /// <summary>How many one line holds; a node has two lines.</summary>
    public const int PerLine = 8;

    /// <summary>Holds for all that is below.</summary>
    public uint Tag;

    /// <summary>A line, or 0.</summary>
    public uint Child;
}
