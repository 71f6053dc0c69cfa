using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EbpfPersonas.Personas.Compile.Layout;

/// <summary>struct policy_line of bpf/abi: one cache line of a compiled persona, 64 octets.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PolicyLine
{
    /// <summary>What stands in it depends on what leads to it.</summary>
    public SixteenWords Word;

    /// <summary>The same 64 octets as a <typeparamref name="T"/> of that size.</summary>
    public static ref T As<T>(ref PolicyLine line)
        where T : unmanaged =>
        ref Unsafe.As<PolicyLine, T>(ref line);
}
