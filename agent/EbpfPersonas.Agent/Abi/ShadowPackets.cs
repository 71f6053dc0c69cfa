using System.Runtime.CompilerServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>[(direction * 2 + passes) * 2 + would_pass].</summary>
[InlineArray(8)]
public struct ShadowPackets
{
    private ulong _first;
}
