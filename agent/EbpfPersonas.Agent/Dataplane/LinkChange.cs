namespace EbpfPersonas.Agent.Dataplane;

/// <summary>An interface is there, or is gone; whether its frames begin with an Ethernet header.</summary>
public readonly record struct LinkChange(int InterfaceIndex, bool Present, bool IsLoopback, bool IsEthernet);
