using EbpfPersonas.Personas.Model;
using EbpfPersonas.Personas.Verdicts;

namespace EbpfPersonas.TestKit.RuleSets;

/// <summary>
/// The first packet of a flow, with the port that the originator speaks from (0 where the protocol has none).
/// </summary>
public readonly record struct TrafficTuple(
    Direction Direction,
    byte Protocol,
    IpAddress Peer,
    ushort Port,
    ushort OriginatorPort,
    byte IcmpType,
    byte IcmpCode)
{
    /// <summary>As the reference verdict takes it.</summary>
    public Packet ToPacket() => new(Direction, Protocol, Peer, Port, IcmpType, IcmpCode);
}
