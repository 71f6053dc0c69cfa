using EbpfPersonas.Personas.Model;

namespace EbpfPersonas.Agent.Dataplane;

/// <summary>
/// Flows that pass before any persona is asked, by the direction of their first packet: with <paramref name="Peer"/>,
/// to the port that the originator connects to (the peer's for egress, the VM's own for ingress). Answers pass the
/// other way; a new TCP connection does not. Other protocols do not show which packet is an answer: with them the peer
/// reaches the VM from these ports at any time.
/// </summary>
public sealed record FailsafeFlow(Direction Direction, byte Protocol, Prefix Peer, PortRange Ports);
