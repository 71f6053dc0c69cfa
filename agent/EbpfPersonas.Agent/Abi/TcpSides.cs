using System.Runtime.CompilerServices;

namespace EbpfPersonas.Agent.Abi;

/// <summary>Both senders of a connection, by <see cref="PacketDirection"/>.</summary>
[InlineArray(2)]
public struct TcpSides
{
    private TcpSide _first;
}
