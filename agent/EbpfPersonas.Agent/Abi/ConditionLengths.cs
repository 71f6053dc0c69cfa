using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>struct condition_lengths of bpf/abi: how many octets texts have.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ConditionLengths
{
    /// <summary>Bit n of all words together: some text may have n octets.</summary>
    public LengthWords Word;
}
