namespace EbpfPersonas.Agent.Dataplane;

/// <summary>An interface is there, or is gone.</summary>
public readonly record struct LinkChange(int InterfaceIndex, bool Present, bool IsLoopback);
