using System.Runtime.CompilerServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>The first 20 octets behind an IP header, as they are on the wire.</summary>
[InlineArray(5)]
public struct AnswerHead
{
    private uint _first;
}
