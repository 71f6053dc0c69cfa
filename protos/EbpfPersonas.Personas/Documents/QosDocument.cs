namespace EbpfPersonas.Personas.Documents;

/// <summary><c>qos</c>: rates in bit/s and packets/s, bursts in bytes, DSCP 0-63, priority 0-7.</summary>
internal sealed record QosDocument(
    long? EgressBandwidth,
    long? IngressBandwidth,
    long? EgressBurst,
    long? IngressBurst,
    long? EgressPacketRate,
    long? IngressPacketRate,
    long? MaxConnections,
    byte? Dscp,
    int? Priority);
