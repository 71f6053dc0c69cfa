using System.Runtime.InteropServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>
/// struct condition_text of bpf/abi: a file name or path, UTF-8, zeros behind.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct ConditionText
{
    /// <summary>The octets.</summary>
    public TextOctets Text;
}
