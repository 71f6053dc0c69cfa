namespace EbpfPersonas.Agent.Tests.Stages;

/// <summary>Packets that reached the peer, by what they were and which address they went to.</summary>
internal readonly record struct Arrivals(long UdpOld, long TcpOld, long UdpNew, long TcpNew);
