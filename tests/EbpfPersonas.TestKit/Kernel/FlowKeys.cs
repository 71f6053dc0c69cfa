using System.Buffers.Binary;
using EbpfPersonas.Agent.Abi;
using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.TestKit.Kernel;

/// <summary>The key under which conntrack keeps the flow of a packet.</summary>
internal static class FlowKeys
{
    /// <summary>An echo request's identifier takes the place of the port of the side that asks.</summary>
    public static FlowKey Of(CasePacket packet)
    {
        var asks = packet.IsEchoRequest();
        var egress = packet.Direction == Direction.Egress;
        return new FlowKey
        {
            Remote = AddressWords.From(packet.Remote),
            Local = AddressWords.From(packet.Local),
            RemotePort = InNetworkOrder(asks && !egress ? packet.EchoId : packet.RemotePort),
            LocalPort = InNetworkOrder(asks && egress ? packet.EchoId : packet.LocalPort),
            Protocol = packet.Protocol,
            Family = (byte)(packet.Remote.IsV6 ? AddressFamily.Ipv6 : AddressFamily.Ipv4),
        };
    }

    private static ushort InNetworkOrder(ushort number) => BinaryPrimitives.ReverseEndianness(number);
}
