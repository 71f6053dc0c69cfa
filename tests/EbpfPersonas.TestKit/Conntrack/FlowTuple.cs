using EbpfPersonas.Personas.Model;
using EbpfPersonas.TestKit.Cases;

namespace EbpfPersonas.TestKit.Conntrack;

/// <summary>
/// What the packets of a flow have in common, the same for both directions; an echo keeps its identifier on the side of
/// the one who asked.
/// </summary>
public readonly record struct FlowTuple(byte Protocol, IpAddress Remote, ushort RemotePort, ushort LocalPort)
{
    /// <summary>Null for ICMP that is no echo: each message stands for itself.</summary>
    public static FlowTuple? Of(CasePacket packet)
    {
        ArgumentNullException.ThrowIfNull(packet);
        if (!packet.IsIcmp)
        {
            return new FlowTuple(packet.Protocol, packet.Remote, packet.RemotePort, packet.LocalPort);
        }

        if (!packet.IsEcho())
        {
            return null;
        }

        return packet.IsEchoRequest() == (packet.Direction == Direction.Egress)
            ? new FlowTuple(packet.Protocol, packet.Remote, 0, packet.EchoId)
            : new FlowTuple(packet.Protocol, packet.Remote, packet.EchoId, 0);
    }
}
