using System.Runtime.CompilerServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary><see cref="RuleAction"/> by <see cref="PacketDirection"/>.</summary>
[InlineArray(2)]
public struct ActionByDirection
{
    private uint _first;
}
